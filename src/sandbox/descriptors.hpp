#pragma once

#include <sys/types.h>

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "files/descriptor.hpp"

/// The descriptors between a starter and butler-sandbox-init. Faults are std::system_error.
namespace butler::sandbox {

using files::Descriptor;
using files::open_beneath;

/// A file in memory with this content, read from its begin.
Descriptor memory_file(std::string_view content);

struct Pair {
  Descriptor ours;
  Descriptor theirs;
};

/// Message by message, and ours learns who sent what.
Pair control_sockets();
/// Ours reads, without waiting.
Pair error_pipe();

/// What the other side said.
struct Message {
  std::string text;       ///< "" when it has closed its end
  Descriptor descriptor;  ///< that came with it
  pid_t sender = 0;       ///< as this process numbers it
};

/// The next message; the error is a sentence when none has come before the deadline.
std::expected<Message, std::string> receive(int socket, std::chrono::steady_clock::time_point deadline);

/// What is in the pipe now, without blanks at the ends.
std::string read_available(int fd);

}  // namespace butler::sandbox
