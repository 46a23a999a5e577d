#pragma once

#include <string>

#include "config/settings.hpp"
#include "sandbox/sandbox.hpp"

namespace butler::worker {

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
/// asked: all happens in a temporary folder, and takes what pi takes to start (a second or two). Not to be
/// called by root. Throws std::exception for what is in the way of the trial itself.
TrialOutcome try_agent(config::WorkerSettings settings, sandbox::InitProgram init);

}  // namespace butler::worker
