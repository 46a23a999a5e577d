#include "cli/sandbox_command.hpp"

#include <sys/stat.h>

#include <utility>

#include "cli/exit_code.hpp"
#include "cli/home.hpp"
#include "cli/local_secrets.hpp"
#include "cli/report.hpp"
#include "process/role.hpp"
#include "sandbox/sandbox.hpp"
#include "worker/main.hpp"

namespace butler::cli {

namespace {

/// Becomes what a worker is: the agent's user, in a home that is there, with the way into sandboxes open.
sandbox::InitProgram become_worker(const config::WorkerSettings& settings) {
  ::umask(077);
  prepare_home(settings.home);
  prepare_agent_folder(settings.workspace);
  prepare_agent_folder(settings.session_root);
  auto init = sandbox::InitProgram::beside_this_program();
  process::drop_root(agent_user);
  return init;
}

}  // namespace

int run_in_sandbox(const config::Loaded& loaded, std::vector<std::string> command) {
  const auto settings = config::worker_settings(with_trial_secrets(loaded));
  if (!settings) {
    print_problems(settings.error());
    return exit_config;
  }
  auto init = become_worker(*settings);
  return worker::run_in_sandbox(*settings, std::move(init), std::move(command));
}

}  // namespace butler::cli
