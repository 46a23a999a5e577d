#include "cli/role_start.hpp"

#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "cli/exit_code.hpp"
#include "cli/home.hpp"
#include "cli/report.hpp"
#include "config/load.hpp"
#include "gateway/main.hpp"
#include "http/listening_socket.hpp"
#include "http/server_tls.hpp"
#include "log/log.hpp"
#include "orchestrator/main.hpp"
#include "process/role.hpp"
#include "sandbox/sandbox.hpp"
#include "worker/main.hpp"

namespace butler::cli {

namespace {

void prepare_folders(const config::OrchestratorSettings& settings) { prepare_home(settings.home); }
void prepare_folders(const config::GatewaySettings& settings) { prepare_home(settings.home); }
void prepare_folders(const config::WorkerSettings& settings) {
  prepare_home(settings.home);
  prepare_agent_folder(settings.workspace);
  prepare_agent_folder(settings.session_root);
}

/// A time zone from a file counts as one from the environment does.
void set_time_zone(const config::Environment& environment) {
  const auto zone = environment.find("TZ");
  if (zone == environment.end()) return;
  ::setenv("TZ", zone->second.value.c_str(), 1);
  ::tzset();
}

/// Opened before root is given up: in a home of root's, the agent's user can neither call the worker there
/// nor put a socket of its own in this place. A role that has no socket does its work all the same.
std::optional<http::ListeningSocket> listen_in_home(const std::filesystem::path& path) {
  try {
    return http::ListeningSocket::on_path(path);
  } catch (const std::exception& fault) {
    log::error("admin.unavailable", {{"path", path.string()}, {"error", fault.what()}});
    return std::nullopt;
  }
}

/// What a role opens while it can still reach it: before root is given up.
struct Opened {
  std::optional<http::ListeningSocket> admin = std::nullopt;
  std::optional<sandbox::InitProgram> sandbox_init = std::nullopt;
  std::shared_ptr<sandbox::ControlGroups> control_groups = nullptr;
  std::optional<gateway::WebhookDoor> webhook_door = std::nullopt;
  std::shared_ptr<http::ServerTls> tls = nullptr;
};

/// Null where the system has left no control group to Butler: memory is watched then.
std::shared_ptr<sandbox::ControlGroups> divide_control_group() {
  const auto agent = ::geteuid() == 0 ? process::find_user(agent_user) : std::nullopt;
  const auto user = agent ? agent->uid : ::geteuid();
  const auto group = agent ? agent->gid : ::getegid();
  auto groups = sandbox::ControlGroups::divide(sandbox::group_files(), ::getpid(), user, group);
  log::info("sandbox.limits",
            {{"by", groups ? "control groups" : "a watchdog"}, {"reason", groups ? "" : groups.error()}});
  return groups ? std::make_shared<sandbox::ControlGroups>(*std::move(groups)) : nullptr;
}

Opened open_early(const config::OrchestratorSettings& settings) {
  Opened opened{.admin = listen_in_home(settings.home / "orchestrator.sock")};
  if (!settings.certificate.empty())
    opened.tls = http::ServerTls::from_files(settings.certificate, settings.key);
  return opened;
}
Opened open_early(const config::GatewaySettings& settings) {
  return {.admin = listen_in_home(settings.home / "gateway.sock"),
          .webhook_door = gateway::open_webhook_door(settings.webhook)};
}
Opened open_early(const config::WorkerSettings& settings) {
  Opened opened{.admin = listen_in_home(settings.home / "worker.sock")};
  if (settings.mode == config::ExecMode::rpc) {
    opened.sandbox_init = sandbox::InitProgram::beside_this_program();
    opened.control_groups = divide_control_group();
  }
  return opened;
}

int run(const config::OrchestratorSettings& settings, Opened opened) {
  return orchestrator::run(settings, std::move(opened.admin), std::move(opened.tls));
}
int run(const config::GatewaySettings& settings, Opened opened) {
  return gateway::run(settings, std::move(opened.admin), std::move(opened.webhook_door));
}
int run(const config::WorkerSettings& settings, Opened opened) {
  return worker::run(settings, std::move(opened.admin), std::move(opened.sandbox_init),
                     std::move(opened.control_groups));
}

template <class Settings>
int start(config::Role role, const config::Start& process_start, const config::Loaded& loaded,
          const config::Decoded<Settings>& settings) {
  if (!settings) {
    print_problems(settings.error());
    return exit_config;
  }
  const bool supervised = process_start.variables.contains(process::parent_variable);
  start_log(config::role_name(role), loaded);
  if (!supervised) log_warnings(loaded);
  set_time_zone(loaded.environment);
  make_files_private();
  prepare_folders(*settings);
  auto opened = open_early(*settings);
  process::drop_root(role == config::Role::worker ? agent_user : control_user);
  process::harden(supervised);
  return run(*settings, std::move(opened));
}

}  // namespace

int start_role(config::Role role) {
  const auto process_start = config::this_start();
  const auto loaded = config::load(process_start);
  try {
    switch (role) {
      case config::Role::orchestrator:
        return start(role, process_start, loaded, config::orchestrator_settings(loaded));
      case config::Role::gateway: return start(role, process_start, loaded, config::gateway_settings(loaded));
      case config::Role::worker: return start(role, process_start, loaded, config::worker_settings(loaded));
    }
  } catch (const worker::NoSandbox& fault) {
    log::error("worker.no_sandbox", {{"error", fault.what()}});
    return exit_config;
  } catch (const std::exception& fault) {
    log::error("role.failed", {{"error", fault.what()}});
  }
  return exit_failure;
}

}  // namespace butler::cli
