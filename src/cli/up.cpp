#include "cli/up.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>

#include "cli/exit_code.hpp"
#include "cli/home.hpp"
#include "cli/home_lock.hpp"
#include "cli/local_secrets.hpp"
#include "cli/report.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::cli {

namespace asio = boost::asio;

namespace {

constexpr std::array roles{config::Role::orchestrator, config::Role::gateway, config::Role::worker};

/// What programs and their run-time libraries read, and no part of the configuration.
constexpr std::array general_variables{
    "PATH",         "HOME",         "LANG",          "LANGUAGE",         "LC_ALL",
    "LC_CTYPE",     "TMPDIR",       "SSL_CERT_DIR",  "SSL_CERT_FILE",    "ASAN_OPTIONS",
    "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "LLVM_PROFILE_FILE"};

constexpr const char* usual_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

SupervisorOptions supervisor_options(const config::Loaded& loaded, const config::Start& start) {
  SupervisorOptions options;
  for (const auto role : roles) {
    const std::string name{config::role_name(role)};
    options.children.push_back(
        {.name = name,
         .arguments = {"butler", name},
         .environment = build_environment(loaded, role, start.variables, start.user == 0),
         // Also when the file has been replaced since: the four processes stay of one version.
         .program = "/proc/self/exe",
         .starts_processes = role == config::Role::worker});
  }
  return options;
}

void print_line(std::string_view name, std::string_view line, bool colour) {
  const std::string whole = line_prefix(name, colour) + std::string{line} + "\n";
  std::fwrite(whole.data(), 1, whole.size(), stdout);
  std::fflush(stdout);
}

asio::awaitable<void> stop_when_asked(Supervisor& supervisor) {
  co_await process::wait_for_stop_signal();
  log::info("up.stopping");
  supervisor.stop();
}

int supervise(const config::Loaded& loaded, const config::Start& start) {
  asio::io_context context(1);
  const bool colour = ::isatty(STDOUT_FILENO) == 1;
  const auto print = [colour](std::string_view name, std::string_view line) {
    print_line(name, line, colour);
  };
  Supervisor supervisor(context.get_executor(), supervisor_options(loaded, start), print);
  async::TaskGroup signals(context.get_executor());
  signals.spawn("signals", stop_when_asked(supervisor));
  int code = exit_failure;
  std::exception_ptr fault;
  const auto ended = [&](const std::exception_ptr& error, int result) {
    fault = error;
    code = result;
    signals.cancel();
  };
  asio::co_spawn(context, supervisor.run(), ended);
  context.run();
  if (fault) std::rethrow_exception(fault);
  return code;
}

int start_up() {
  const auto start = config::this_start();
  auto loaded = config::load(start);
  start_log("up", loaded);
  const auto problems = config::find_problems(with_trial_secrets(loaded));
  if (!problems.empty()) {
    print_problems(problems);
    return exit_config;
  }
  log_warnings(loaded);
  make_files_private();
  prepare_home(loaded.place.home);
  const auto lock = HomeLock::take(loaded.place.home);
  if (!lock) {
    std::fprintf(stderr, "butler: %s\n", lock.error().c_str());
    return exit_temporary;
  }
  add_local_secrets(loaded);
  const auto left = config::find_problems(loaded);
  if (!left.empty()) {
    print_problems(left);
    return exit_config;
  }
  start_log("up", loaded);
  process::harden(false);
  log::info("up.started", {{"pid", ::getpid()}, {"home", loaded.place.home.string()}});
  const int code = supervise(loaded, start);
  log::info("up.stopped", {{"exit", code}});
  return code;
}

}  // namespace

int run_up() {
  try {
    return start_up();
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "butler: %s\n", fault.what());
    return exit_failure;
  }
}

std::vector<std::string> build_environment(const config::Loaded& loaded, config::Role role,
                                           const std::map<std::string, std::string>& own, bool for_root) {
  auto variables = config::select_variables(loaded.environment, loaded.place, role);
  for (const char* const name : general_variables) {
    const auto value = own.find(name);
    if (value != own.end()) variables.emplace(name, value->second);
  }
  variables.emplace("PATH", usual_path);
  if (for_root) variables.insert_or_assign("HOME", loaded.place.home.string());
  variables.insert_or_assign("BUTLER_ENV_FILE", "");
  std::vector<std::string> environment;
  environment.reserve(variables.size());
  for (const auto& [name, value] : variables)
    environment.push_back(std::string{name}.append("=").append(value));
  return environment;
}

std::string line_prefix(std::string_view name, bool colour) {
  std::string padded{name};
  padded.resize(std::max(padded.size(), config::role_name(config::Role::orchestrator).size()), ' ');
  if (!colour) return padded + " | ";
  const char* const paint = name == "orchestrator" ? "\x1b[36m" : name == "gateway" ? "\x1b[35m" : "\x1b[33m";
  return paint + padded + " |\x1b[0m ";
}

}  // namespace butler::cli
