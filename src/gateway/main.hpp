#pragma once

#include <optional>

#include "config/settings.hpp"
#include "http/listening_socket.hpp"

namespace butler::gateway {

/// Runs the gateway until SIGTERM or SIGINT. Returns the process's exit status: 0 after an orderly end, 1
/// after a fault, 78 when Telegram refuses the token; both are logged. `admin` is where it is administered;
/// without one it is not.
int run(const config::GatewaySettings& settings, std::optional<http::ListeningSocket> admin);

}  // namespace butler::gateway
