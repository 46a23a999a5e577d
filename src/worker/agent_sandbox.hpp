#pragma once

#include <expected>
#include <filesystem>
#include <memory>
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

/// The sandbox of this worker's agents, each in a control group where there are `groups`. `trial_folder` may
/// be shown to a trial. The error is a sentence: there is none to be had on this machine.
std::expected<std::unique_ptr<sandbox::Sandbox>, std::string> open_sandbox(
    const config::WorkerSettings& settings, sandbox::InitProgram init,
    const std::filesystem::path& trial_folder, std::shared_ptr<sandbox::ControlGroups> groups = {});

/// What every agent and command may see and use; whoever starts one adds the program, its environment, its
/// way out (ServiceToken) and what else it writes to. `home/agent` itself is never visible: models.json and
/// auth.json there hold keys.
sandbox::Spec agent_spec(const config::WorkerSettings& settings, const AgentHome& home,
                         const std::filesystem::path& workspace, const std::filesystem::path& scratch);

}  // namespace butler::worker
