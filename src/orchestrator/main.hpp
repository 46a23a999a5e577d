#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "config/settings.hpp"
#include "domain/taken_over.hpp"
#include "http/listening_socket.hpp"
#include "http/server_tls.hpp"
#include "json/value.hpp"

namespace butler::orchestrator {

/// Runs the orchestrator until SIGTERM or SIGINT, with TLS when there is a certificate, and serves its
/// administration on `admin`, when there is one. Returns the process's exit status: 0 after an orderly end, 1
/// after a fault, which is logged.
int run(const config::OrchestratorSettings& settings, std::optional<http::ListeningSocket> admin,
        std::shared_ptr<http::ServerTls> tls);

/// Takes over `state.json` of Butler's first version (first_version.hpp) into the home's `state.db`. The
/// orchestrator does not run. May be called again: what is here already stays as it is.
domain::TakenOver take_over_first_version(const std::filesystem::path& home, const json::Value& state);

}  // namespace butler::orchestrator
