#pragma once

#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "config/settings.hpp"
#include "sandbox/sandbox.hpp"
#include "worker/agent_environment.hpp"

namespace butler::worker {

/// What WORKER_SANDBOX and its companion ask for.
sandbox::TierChoice tier_choice(const config::SandboxSettings& settings);

/// What this machine can do: sandbox::look_at_host(), and virtual machines.
sandbox::HostFacts host_facts(const config::WorkerSettings& settings, const sandbox::InitProgram& init,
                              const std::filesystem::path& trial_folder);

/// Why this worker's agents cannot run in virtual machines, where commands can; nullopt when they can.
std::optional<std::string> vm_agent_problem(const config::WorkerSettings& settings);

/// What contains this worker's agents and commands. One thread.
class AgentSandboxes {
 public:
  /// Each agent is in a control group where there are `groups`. `trial_folder` may be shown to a trial. The
  /// error is a sentence: there is none to be had on this machine.
  static std::expected<AgentSandboxes, std::string> open(const config::WorkerSettings& settings,
                                                         sandbox::InitProgram init,
                                                         const std::filesystem::path& trial_folder,
                                                         std::shared_ptr<sandbox::ControlGroups> groups = {});

  /// The owners' agents'.
  sandbox::Sandbox& usual() const { return shared_kernel_ ? *shared_kernel_ : *machines_; }
  /// As sandbox::tier_for() says.
  sandbox::Sandbox& for_work(const sandbox::Work& work) const;
  /// Whether some work gets a machine of its own although the usual sandbox is another.
  bool adds_machines() const;

 private:
  AgentSandboxes(sandbox::TierChoice choice, sandbox::HostFacts facts)
      : choice_(choice), facts_(std::move(facts)) {}

  sandbox::TierChoice choice_;
  sandbox::HostFacts facts_;
  std::unique_ptr<sandbox::Sandbox> shared_kernel_;  ///< null where everything gets a machine
  std::unique_ptr<sandbox::Sandbox> machines_;
};

/// What every agent and command may see and use; whoever starts one adds the program, its environment, its
/// way out (ServiceToken) and what else it writes to. `home/agent` itself is never visible: models.json and
/// auth.json there hold keys.
sandbox::Spec agent_spec(const config::WorkerSettings& settings, const AgentHome& home,
                         const std::filesystem::path& workspace, const std::filesystem::path& scratch);

}  // namespace butler::worker
