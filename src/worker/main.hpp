#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "http/listening_socket.hpp"
#include "sandbox/sandbox.hpp"

namespace butler::worker {

/// Runs the worker until SIGTERM or SIGINT; the process's exit status. Throws std::runtime_error when it
/// cannot start. In rpc mode it refuses to run as root. `admin` is where it is administered;
/// without one it is not.
int run(const config::WorkerSettings& settings, std::optional<http::ListeningSocket> admin);

/// Runs one command exactly as a job's commands run, in the owners' workspace, with this process's own streams.
/// The command's exit status, 128 and the signal's number when it was killed. Throws std::runtime_error when it
/// cannot be started.
int run_in_sandbox(const config::WorkerSettings& settings, sandbox::InitProgram init,
                   std::vector<std::string> command);

}  // namespace butler::worker
