#pragma once

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace butler::sandbox {

/// What stops the start; the text reaches whoever asked for it.
class Fault : public std::runtime_error {
 public:
  explicit Fault(const std::string& sentence) : std::runtime_error(sentence) {}
};

/// With the reason that errno names.
[[noreturn]] inline void fail(const std::string& what) { throw Fault(what + ": " + std::strerror(errno)); }

}  // namespace butler::sandbox
