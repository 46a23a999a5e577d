#include <expected>
#include <ostream>
#include <system_error>
#include <utility>

#include "cli/exit_code.hpp"
#include "cli/mcp_command.hpp"
#include "cli/mcp_site.hpp"
#include "files/small_file.hpp"
#include "files/whole_file.hpp"
#include "mcp_wrappers/edit.hpp"
#include "mcp_wrappers/names.hpp"

namespace butler::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_config_file = 1024UL * 1024;
constexpr mode_t config_file_mode = 0644;

std::expected<files::SmallFile, std::string> read_for_editing(const fs::path& file) {
  auto read = files::read_small_file(file, longest_config_file);
  if (read) return *std::move(read);
  if (read.error() == std::errc::no_such_file_or_directory)
    return std::unexpected("there is no " + file.string() + "; `butler mcp init` makes one");
  return std::unexpected(file.string() + " cannot be read: " + read.error().message());
}

/// Both files get their new texts, or neither. They keep their permissions.
template <class Change>
std::expected<void, std::string> edit_both(const mcp_wrappers::Places& places, const Change& change) {
  const auto manifest = read_for_editing(places.manifest);
  if (!manifest) return std::unexpected(manifest.error());
  const auto servers = read_for_editing(places.servers);
  if (!servers) return std::unexpected(servers.error());
  const auto after = change(mcp_wrappers::Texts{.manifest = manifest->text, .servers = servers->text});
  if (!after) return std::unexpected(after.error());
  files::write_whole_file(places.servers, after->servers, servers->mode);
  try {
    files::write_whole_file(places.manifest, after->manifest, manifest->mode);
  } catch (const std::exception&) {
    files::write_whole_file(places.servers, servers->text, servers->mode);
    throw;
  }
  return {};
}

/// `--env NAME` asks for the caller's value when the wrapper runs, `--env NAME=VALUE` says it.
std::expected<json::Object, std::string> environment_given(const std::vector<std::string>& given) {
  json::Object environment;
  for (const auto& word : given) {
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    const auto asked = mcp_wrappers::variables_in("${" + name + "}");
    if (asked.size() != 1 || asked.front() != name)
      return std::unexpected("--env " + word + ": expected NAME or NAME=VALUE");
    environment[name] = equals == std::string::npos ? "${" + name + "}" : word.substr(equals + 1);
  }
  return environment;
}

std::expected<json::Object, std::string> definition_given(const McpEntry& entry) {
  if (entry.command.empty() == entry.url.empty()) return std::unexpected("give either --command or --url");
  json::Object definition;
  if (!entry.description.empty()) definition["description"] = entry.description;
  if (!entry.url.empty()) {
    if (!entry.arguments.empty() || !entry.environment.empty())
      return std::unexpected("--arg and --env are for --command");
    definition["url"] = entry.url;
    return definition;
  }
  // From another folder it would be another file.
  const bool is_path = entry.command.contains('/');
  definition["command"] = is_path ? fs::absolute(entry.command).lexically_normal().string() : entry.command;
  definition["args"] = to_array(entry.arguments);
  const auto environment = environment_given(entry.environment);
  if (!environment) return std::unexpected(environment.error());
  if (!environment->empty()) definition["env"] = *environment;
  return definition;
}

}  // namespace

int init_mcp(const config::Loaded& loaded, bool force, Format format, std::ostream& out) {
  const auto lock = lock_mcp(loaded);
  if (!lock) return lock.error();
  const auto places = mcp_wrappers::find_places(loaded);
  for (const auto& file : {places.servers, places.manifest}) {
    if (!force && fs::exists(fs::symlink_status(file)))
      return complain_of_mcp(file.string() + " is there already; --force replaces both files");
  }
  fs::create_directories(places.manifest.parent_path());
  const auto texts = mcp_wrappers::empty_texts();
  files::write_whole_file(places.servers, texts.servers, config_file_mode);
  files::write_whole_file(places.manifest, texts.manifest, config_file_mode);
  if (format == Format::json) {
    out << json::serialize(
               json::Object{{"servers", places.servers.string()}, {"manifest", places.manifest.string()}})
        << '\n';
  } else {
    out << places.servers.string() << " and " << places.manifest.string()
        << " are written. `butler mcp add` puts a server into them, `butler mcp sync` makes its wrapper.\n";
  }
  return exit_ok;
}

int add_mcp(const config::Loaded& loaded, const McpEntry& entry, Format format, std::ostream& out) {
  const auto definition = definition_given(entry);
  if (!definition) return complain_of_mcp(definition.error(), exit_usage);
  mcp_wrappers::Target target{.name = entry.name, .selector = entry.name, .emit_types = !entry.no_types};
  if (entry.timeout_ms != 0) target.timeout = std::chrono::milliseconds{entry.timeout_ms};
  const auto lock = lock_mcp(loaded);
  if (!lock) return lock.error();
  const auto places = mcp_wrappers::find_places(loaded);
  const auto path = mcp_wrappers::system_search_path(places);
  const auto edited = edit_both(
      places, [&](const mcp_wrappers::Texts& before) -> std::expected<mcp_wrappers::Texts, std::string> {
        if (auto problem = mcp_wrappers::spelling_problem(entry.name))
          return std::unexpected(*std::move(problem));
        if (auto problem = mcp_wrappers::shadowing_problem(entry.name, path))
          return std::unexpected(*std::move(problem));
        return mcp_wrappers::add_entry(before, target, *definition);
      });
  if (!edited) return complain_of_mcp(edited.error());
  if (format == Format::json) {
    out << json::serialize(json::Object{{"name", entry.name}, {"server", *definition}}) << '\n';
  } else {
    out << entry.name << " is added. `butler mcp sync --target " << entry.name << "` makes its wrapper.\n";
  }
  return exit_ok;
}

int remove_mcp(const config::Loaded& loaded, const std::string& name, Format format, std::ostream& out) {
  const auto lock = lock_mcp(loaded);
  if (!lock) return lock.error();
  const auto places = mcp_wrappers::find_places(loaded);
  const auto edited = edit_both(
      places, [&](const mcp_wrappers::Texts& before) { return mcp_wrappers::remove_entry(before, name); });
  if (!edited) return complain_of_mcp(edited.error());
  mcp_wrappers::remove_wrapper(places, name);
  if (format == Format::json) {
    out << json::serialize(json::Object{{"name", name}, {"removed", true}}) << '\n';
  } else {
    out << name << " and its wrapper are removed.\n";
  }
  return exit_ok;
}

}  // namespace butler::cli
