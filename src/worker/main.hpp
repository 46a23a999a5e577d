#pragma once

#include <optional>

#include "config/settings.hpp"
#include "http/listening_socket.hpp"

namespace butler::worker {

/// Runs the worker until SIGTERM or SIGINT; the process's exit status. Throws std::runtime_error when it
/// cannot start. In rpc mode it refuses to run as root. `admin` is where it is administered;
/// without one it is not.
int run(const config::WorkerSettings& settings, std::optional<http::ListeningSocket> admin);

}  // namespace butler::worker
