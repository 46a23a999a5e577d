#pragma once

#include "config/settings.hpp"

namespace butler::orchestrator {

/// Runs the orchestrator until SIGTERM or SIGINT. Returns the process's exit status: 0 after an orderly end,
/// 1 after a fault, which is logged.
int run(const config::OrchestratorSettings& settings);

}  // namespace butler::orchestrator
