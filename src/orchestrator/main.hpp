#pragma once

#include <optional>

#include "config/settings.hpp"
#include "http/listening_socket.hpp"

namespace butler::orchestrator {

/// Runs the orchestrator until SIGTERM or SIGINT, and serves its administration on `admin`, when there is
/// one. Returns the process's exit status: 0 after an orderly end, 1 after a fault, which is logged.
int run(const config::OrchestratorSettings& settings, std::optional<http::ListeningSocket> admin);

}  // namespace butler::orchestrator
