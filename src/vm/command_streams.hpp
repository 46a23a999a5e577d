#pragma once

#include <boost/asio/awaitable.hpp>
#include <string_view>
#include <vector>

#include "process/child_process.hpp"
#include "vm/machine.hpp"

/// A command in a machine as if it were this process: its streams and signals are ours.
namespace butler::vm {

/// Our standard input to the command, until either has ended; then the command's is closed.
boost::asio::awaitable<void> send_input(RunningCommand& command);

/// What the command says, on our standard output, until its end.
boost::asio::awaitable<void> show_output(RunningCommand& command);

/// The same for standard error.
boost::asio::awaitable<void> show_errors(RunningCommand& command);

/// Each of these signals that we get, the command gets. Never ends by itself.
boost::asio::awaitable<void> hand_signals_on(RunningCommand& command, std::vector<int> signals);

/// Writes all of it. Whoever does not read holds us up. Throws std::system_error.
void write_out(int descriptor, std::string_view bytes);

}  // namespace butler::vm
