#pragma once

#include <expected>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "http/listening_socket.hpp"
#include "model_proxy/upstream.hpp"
#include "sandbox/mounts.hpp"
#include "sandbox/sandbox.hpp"

namespace butler::worker {

/// Agents cannot be contained on this machine as it is set up. The text says why and what to do.
class NoSandbox : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Runs the worker until SIGTERM or SIGINT; the process's exit status. Throws std::runtime_error when it
/// cannot start, NoSandbox in particular. In rpc mode it refuses to run as root. `admin` is where it is
/// administered; without one it is not. `init` is the way into sandboxes, opened before root was given up;
/// `groups` are null where sandboxes have no control groups.
int run(const config::WorkerSettings& settings, std::optional<http::ListeningSocket> admin,
        std::optional<sandbox::InitProgram> init, std::shared_ptr<sandbox::ControlGroups> groups);

/// Where the settings' provider is and which key it would get, as the model proxy has it. The error is a
/// sentence: what is in the way. Throws std::system_error for a file of the provider that cannot be read.
std::expected<model_proxy::Upstream, std::string> provider_upstream(const config::WorkerSettings& settings);

/// What contains this worker's agents on this machine, and what they can see, write and reach.
struct SandboxExplanation {
  sandbox::TierChoice choice;
  sandbox::HostFacts facts;
  std::expected<sandbox::Tier, std::string> tier = std::unexpected(std::string{});
  sandbox::Spec spec;  ///< of a command in the owners' workspace
  sandbox::MountPlan mounts = {};
};

/// Throws std::runtime_error when there is no workspace to explain.
SandboxExplanation explain_sandbox(const config::WorkerSettings& settings, const sandbox::InitProgram& init);

/// Runs one command exactly as a job's commands run, in the owners' workspace, with this process's own
/// streams. The command's exit status, 128 and the signal's number when it was killed. Throws
/// NoSandbox when nothing can contain it, std::runtime_error when it cannot be started.
int run_in_sandbox(const config::WorkerSettings& settings, sandbox::InitProgram init,
                   std::vector<std::string> command);

/// How an agent did on trial.
struct TrialOutcome {
  bool passed = false;
  std::string sandbox = {};  ///< what contained it: "bwrap/1"
  std::string reason = {};   ///< why it did not pass
};

/// Which tier of the sandbox this worker's agents get ("bwrap"); the error says why none.
std::expected<std::string, std::string> usual_tier(const config::WorkerSettings& settings,
                                                   sandbox::InitProgram init);

/// Lets the pi of these settings do one job exactly as a worker would: in the sandbox, behind the tool gate
/// and the model proxy. The model is a script that is served on loopback: it has pi write a file with its
/// shell, and then answer. Nothing of the home, its workspace and its sessions is touched, and no provider is
/// asked: all happens in a temporary folder, and takes what pi takes to start (a second or two). Refuses to
/// do so as root. Throws std::exception for what is in the way of the trial itself.
TrialOutcome try_agent(config::WorkerSettings settings, sandbox::InitProgram init);

}  // namespace butler::worker
