#pragma once

#include <filesystem>
#include <optional>

#include "config/settings.hpp"
#include "domain/taken_over.hpp"
#include "gateway/webhook_door.hpp"
#include "http/listening_socket.hpp"
#include "json/value.hpp"

namespace butler::gateway {

/// Runs the gateway until SIGTERM or SIGINT. Returns the process's exit status: 0 after an orderly end, 1
/// after a fault, 78 when Telegram refuses the token; both are logged. `admin` is where it is administered;
/// without one it is not. `door` is where a webhook's updates come in: open_webhook_door(), from before root
/// is given up.
int run(const config::GatewaySettings& settings, std::optional<http::ListeningSocket> admin,
        std::optional<WebhookDoor> door);

/// Takes over `pairings.json` and `sessions.json` of Butler's first version (first_version.hpp; null for one
/// that is not there) into the home's `gateway.db`. The gateway does not run. May be called again: what is
/// here already stays as it is.
domain::TakenOver take_over_first_version(const std::filesystem::path& home, const json::Value& pairings,
                                          const json::Value& sessions);

}  // namespace butler::gateway
