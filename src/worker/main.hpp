#pragma once

#include "config/settings.hpp"

namespace butler::worker {

/// Runs the worker until SIGTERM or SIGINT; the process's exit status. Throws std::runtime_error when it
/// cannot start. In rpc mode it refuses to run as root.
int run(const config::WorkerSettings& settings);

}  // namespace butler::worker
