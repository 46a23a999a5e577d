#pragma once

#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vm/guest/flow.hpp"
#include "vm/guest/report.hpp"
#include "vm/message.hpp"
#include "vm/multiplexer.hpp"

namespace butler::vm::guest {

/// Serves the host over one connection: runs its commands, and carries the connections of a listening socket
/// to it. One thread, one poll(2) loop.
class Agent {
 public:
  struct Options {
    int port = -1;      ///< the connection to the host, non-blocking
    int listener = -1;  ///< whose connections go to the host; -1: none
    std::function<Outcome(const PrepareRequest&)> prepare;
  };

  explicit Agent(Options options) : options_(std::move(options)) {}

  /// Returns when the host asks to power off, or why the connection is over.
  std::string serve();

 private:
  struct Command {
    pid_t pid = 0;
    std::uint32_t stream = 0;
  };

  void wait();
  Outcome read_port();
  Outcome write_port();
  void handle(StreamEvent event);
  void handle_request(std::uint32_t stream, const std::string& request);
  void handle_note(std::uint32_t stream, const std::string& note);
  void prepare(std::uint32_t stream, const Message& message);
  void run(std::uint32_t stream, const Message& message);
  void accept_connections();
  void move_flows();
  void reap();
  void end_command(std::uint32_t stream, const CommandEnd& end);
  void kill_command(std::uint32_t stream, int signal_number);

  Options options_;
  Multiplexer streams_{Side::guest};
  std::string unsent_;
  std::map<std::uint32_t, Flow> flows_;
  std::vector<Command> commands_;                       ///< that run
  std::map<std::string, std::uint32_t> error_streams_;  ///< of commands that are still to come, by their id
  std::vector<pollfd> polled_;
  int signals_ = -1;
  std::optional<std::string> over_;  ///< why it is over, once it is
  bool prepared_ = false;
};

}  // namespace butler::vm::guest
