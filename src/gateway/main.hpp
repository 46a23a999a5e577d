#pragma once

#include "config/settings.hpp"

namespace butler::gateway {

/// Runs the gateway until SIGTERM or SIGINT. Returns the process's exit status: 0 after an orderly end, 1
/// after a fault, 78 when Telegram refuses the token; both are logged.
int run(const config::GatewaySettings& settings);

}  // namespace butler::gateway
