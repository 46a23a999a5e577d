#pragma once

#include <string>
#include <utility>

namespace butler::config {

/// A value that is never printed by accident: no stream operator, no conversion; reveal() is easy to search
/// for.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

}  // namespace butler::config
