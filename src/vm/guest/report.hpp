#pragma once

#include <cerrno>
#include <cstring>
#include <expected>
#include <string>

namespace butler::vm::guest {

/// What was done, or why not: a sentence.
using Outcome = std::expected<void, std::string>;

/// "cannot mount /proc: Permission denied", with errno's reason.
inline std::unexpected<std::string> failure(const std::string& what) {
  return std::unexpected(what + ": " + std::strerror(errno));
}

}  // namespace butler::vm::guest
