#include "config/load.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "config/env_file.hpp"
#include "config/paths.hpp"
#include "config/providers.hpp"
#include "config/runtime.hpp"
#include "files/small_file.hpp"

namespace butler::config {

namespace {

namespace fs = std::filesystem;

constexpr const char* system_home = "/var/lib/butler";
constexpr std::size_t longest_env_file = 1 << 20;
constexpr std::size_t longest_models_file = 8 << 20;

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

std::string value_of(const Environment& environment, std::string_view name) {
  const auto entry = environment.find(name);
  return entry == environment.end() ? "" : entry->second.value;
}

fs::path user_home(const Start& start) {
  const auto home = start.variables.find("HOME");
  if (home != start.variables.end() && !home->second.empty()) return home->second;
  std::array<char, 16'384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(start.user, &entry, buffer.data(), buffer.size(), &found);
  return found == nullptr ? fs::path{"/"} : fs::path{found->pw_dir};
}

/// Whether `inner` is `outer` or lies in it, symbolic links followed.
bool lies_in(const fs::path& inner, const fs::path& outer) {
  std::error_code error;
  const auto real_inner = fs::weakly_canonical(inner, error);
  const auto real_outer = fs::weakly_canonical(outer, error);
  const auto [outer_end, inner_at] = std::ranges::mismatch(real_outer, real_inner);
  return outer_end == real_outer.end();
}

bool works_in_checkout(const Start& start) {
  return is_checkout(start.working_directory) &&
         (start.program.empty() || lies_in(start.program, start.working_directory));
}

fs::path default_home(const Start& start) {
  if (start.user == 0) return system_home;
  if (works_in_checkout(start)) return start.working_directory / checkout_home;
  return user_home(start) / ".butler";
}

/// Host names may hold what a worker's name may not, and be longer.
std::string make_worker_id(const std::string& host_name, pid_t pid) {
  std::string host;
  for (const char c : host_name.substr(0, 40)) {
    const bool allowed =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-';
    host.push_back(allowed ? c : '_');
  }
  return (host.empty() ? "worker" : host) + "-" + std::to_string(pid);
}

/// The home as far as the environment alone says it; the file may still name another.
fs::path find_home(const Environment& environment, const Start& start) {
  const auto named = value_of(environment, "BUTLER_HOME");
  return absolute_path(start.working_directory, named.empty() ? default_home(start) : fs::path{named});
}

Environment process_environment(const Start& start) {
  Environment environment;
  for (const auto& [name, value] : start.variables) {
    if (!value.empty()) environment.emplace(name, Entry{value, environment_source});
  }
  return environment;
}

struct EnvFilePlace {
  fs::path file;       ///< empty for none
  bool named = false;  ///< by BUTLER_ENV_FILE: it has to be there
  bool found = false;  ///< it lies where the program was started, which is no checkout
};

EnvFilePlace find_env_file(const Start& start, const fs::path& home) {
  const auto named = start.variables.find("BUTLER_ENV_FILE");
  if (named != start.variables.end()) {
    if (named->second.empty()) return {};
    return {.file = start.working_directory / named->second, .named = true};
  }
  const auto here = start.working_directory / ".env";
  if (works_in_checkout(start)) return {.file = here};
  if (is_there(here)) return {.file = here, .found = true};
  return {.file = home / ".env"};
}

void read_env_file(Loaded& loaded, const EnvFilePlace& place, const Start& start) {
  if (place.file.empty()) return;
  const auto file = files::read_small_file(place.file, longest_env_file);
  const std::string name = place.file.string();
  if (!file) {
    const bool absent = file.error() == std::errc::no_such_file_or_directory;
    if (!absent || place.named) {
      loaded.problems.push_back(
          {.name = "", .source = name, .message = "cannot be read: " + file.error().message()});
    }
    return;
  }
  loaded.env_file = place.file;
  if (place.found && file->owner != 0 && file->owner != start.user) {
    loaded.problems.push_back({.name = "",
                               .source = name,
                               .message = "belongs to somebody else and happens to lie here: start Butler in "
                                          "another folder, or name the file by BUTLER_ENV_FILE"});
    return;
  }
  if (start.user == 0 && file->owner != 0 && place.file.parent_path() == loaded.place.home) {
    loaded.problems.push_back(
        {.name = "", .source = name, .message = "belongs to another user than root; chown root it"});
    return;
  }
  if ((file->mode & 0077U) != 0) {
    loaded.warnings.push_back(name + " can be read by other users: chmod 600 it, it holds secrets");
  }
  auto parsed = parse_env_file(file->text, name);
  loaded.environment.merge(parsed.variables);
  std::ranges::move(parsed.problems, std::back_inserter(loaded.problems));
}

std::vector<std::string> read_models_file(const fs::path& home, const std::string& provider) {
  const auto file = files::read_small_file(home / "agent/models.json", longest_models_file);
  if (!file) return {};
  return find_models_json_variables(file->text, provider);
}

/// Why an agent must not be let loose in this folder; nullopt when it may.
std::optional<std::string> find_workspace_fault(const fs::path& workspace, const Loaded& loaded) {
  const fs::path& home = loaded.place.home;
  if (lies_in(home, workspace)) return "contains Butler's state, " + home.string();
  for (const char* const name : {".env", "state.db", "gateway.db", "secrets.env"}) {
    if (is_there(workspace / name)) return "contains " + std::string{name} + ", which the agent must not see";
  }
  if (!loaded.env_file.empty() && lies_in(loaded.env_file, workspace)) {
    return "contains the configuration, " + loaded.env_file.string();
  }
  return std::nullopt;
}

/// Why the settings cannot be used on this machine, as a problem of the variable that says otherwise.
std::optional<Problem> find_machine_problem(const WorkerSettings& settings, const Loaded& loaded) {
  const auto problem = [&loaded](const char* name, std::string message) {
    const auto entry = loaded.environment.find(name);
    const std::string source = entry == loaded.environment.end() ? "" : entry->second.source;
    return Problem{.name = name, .source = source, .message = std::move(message)};
  };
  if (settings.mode != ExecMode::rpc) return std::nullopt;
  if (const auto fault = find_workspace_fault(settings.workspace, loaded))
    return problem("PI_WORKSPACE", settings.workspace.string() + " " + *fault);
  const auto runtime = find_runtime(settings.pi_command);
  if (auto fault = runtime.empty() ? std::nullopt : find_runtime_fault(runtime))
    return problem("PI_BINARY", *std::move(fault));
  return std::nullopt;
}

constexpr std::size_t longest_authorities = std::size_t{4} << 20U;

/// Reads ORCH_TLS_CA's file here, while the process may still read what its starter may.
template <class Settings>
Decoded<Settings> with_authorities(Decoded<Settings> settings, const Loaded& loaded) {
  if (!settings || settings->orchestrator_authorities.file.empty()) return settings;
  auto& authorities = settings->orchestrator_authorities;
  const auto fail = [&](const std::string& why) {
    const auto entry = loaded.environment.find("ORCH_TLS_CA");
    return Problem{.name = "ORCH_TLS_CA",
                   .source = entry == loaded.environment.end() ? "" : entry->second.source,
                   .message = authorities.file.string() + " " + why};
  };
  auto read = files::read_small_file(authorities.file, longest_authorities);
  if (!read) return std::unexpected(Problems{fail("cannot be read (" + read.error().message() + ")")});
  if (!read->text.contains("-----BEGIN CERTIFICATE-----"))
    return std::unexpected(Problems{fail("holds no certificate in PEM form")});
  authorities.text = std::move(read->text);
  return settings;
}

/// The files' problems first, then the role's.
template <class Settings>
Decoded<Settings> joined(const Loaded& loaded, Decoded<Settings> settings) {
  if (loaded.problems.empty()) return settings;
  Problems problems = loaded.problems;
  if (!settings) problems.insert(problems.end(), settings.error().begin(), settings.error().end());
  return std::unexpected(std::move(problems));
}

/// pi may also have been logged in by hand; without either, each prompt would be refused.
void warn_of_missing_key(Loaded& loaded) {
  const auto* const provider = find_provider(value_of(loaded.environment, "PI_PROVIDER"));
  if (provider == nullptr || value_of(loaded.environment, "PI_EXEC_MODE") == "mock") return;
  const bool has_key = std::ranges::any_of(
      provider->keys, [&](std::string_view key) { return !value_of(loaded.environment, key).empty(); });
  if (has_key || is_there(loaded.place.home / "agent/auth.json")) return;
  loaded.warnings.push_back("PI_PROVIDER=" + std::string{provider->name} + " has no key: set " +
                            std::string{provider->keys.front()});
}

}  // namespace

bool is_checkout(const fs::path& folder) {
  return is_there(folder / "CMakeLists.txt") && is_there(folder / "runtime/package.json") &&
         is_there(folder / "src");
}

Start this_start() {
  Start start;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      start.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  std::error_code error;
  start.working_directory = fs::current_path(error);
  if (error) start.working_directory = "/";
  start.program = fs::read_symlink("/proc/self/exe", error);
  start.user = ::geteuid();
  start.pid = ::getpid();
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0) start.host_name = host.data();
  return start;
}

fs::path env_file_path(const Start& start) {
  return find_env_file(start, find_home(process_environment(start), start)).file;
}

Loaded load(const Start& start) {
  Loaded loaded;
  loaded.environment = process_environment(start);
  loaded.place.working_directory = start.working_directory;
  loaded.place.home = find_home(loaded.environment, start);
  read_env_file(loaded, find_env_file(start, loaded.place.home), start);
  loaded.place.home = find_home(loaded.environment, start);

  const auto own_runtime = loaded.place.home / "runtime";
  loaded.place.default_runtime = is_there(own_runtime) ? own_runtime : default_home(start) / "runtime";
  loaded.place.default_worker_id = make_worker_id(start.host_name, start.pid);
  loaded.place.provider_variables =
      read_models_file(loaded.place.home, value_of(loaded.environment, "PI_PROVIDER"));

  // What pi's models.json names is known, too.
  auto doubtful = loaded.environment;
  for (const auto& name : loaded.place.provider_variables) doubtful.erase(name);
  std::ranges::move(unknown_names(doubtful), std::back_inserter(loaded.warnings));
  std::ranges::move(describe_ineffective(loaded.environment), std::back_inserter(loaded.warnings));
  warn_of_missing_key(loaded);
  return loaded;
}

Decoded<OrchestratorSettings> orchestrator_settings(const Loaded& loaded) {
  return joined(loaded, decode_orchestrator(loaded.environment, loaded.place));
}

Decoded<GatewaySettings> gateway_settings(const Loaded& loaded) {
  return joined(loaded, with_authorities(decode_gateway(loaded.environment, loaded.place), loaded));
}

Decoded<WorkerSettings> worker_settings(const Loaded& loaded) {
  auto settings = with_authorities(decode_worker(loaded.environment, loaded.place), loaded);
  if (auto problem = settings ? find_machine_problem(*settings, loaded) : std::nullopt)
    settings = std::unexpected(Problems{*std::move(problem)});
  return joined(loaded, std::move(settings));
}

Decoded<ClientSettings> client_settings(const Loaded& loaded) {
  return joined(loaded, with_authorities(decode_client(loaded.environment, loaded.place), loaded));
}

bool has_state_in_postgres(const Environment& environment, Role role) {
  if (role == Role::worker) return false;
  const auto url = environment.find(role == Role::gateway ? "GATEWAY_DATABASE_URL" : "ORCH_DATABASE_URL");
  return url != environment.end() && !url->second.value.empty();
}

Problems find_problems(const Loaded& loaded) {
  Problems all;
  const auto add = [&all](const auto& settings) {
    if (settings) return;
    for (const Problem& problem : settings.error()) {
      if (std::ranges::find(all, problem) == all.end()) all.push_back(problem);
    }
  };
  add(orchestrator_settings(loaded));
  add(gateway_settings(loaded));
  add(worker_settings(loaded));
  return all;
}

}  // namespace butler::config
