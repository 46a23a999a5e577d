#pragma once

#include <map>
#include <string>
#include <vector>

namespace butler::config {

/// The source of what came from the process environment.
inline constexpr const char* environment_source = "environment";

/// A variable's value, and where it was found: "environment", or a file and line as in ".env:3".
struct Entry {
  std::string value;
  std::string source;

  bool operator==(const Entry&) const = default;
};

/// Every variable that is set, by name. An empty value counts as not set.
using Environment = std::map<std::string, Entry, std::less<>>;

/// One thing that is wrong with the configuration.
struct Problem {
  std::string name;     ///< the variable; "" for a line that is none
  std::string source;   ///< as in Entry; "" when the variable is not set
  std::string message;  ///< what is wrong and what is allowed; never a secret's value

  bool operator==(const Problem&) const = default;

  /// "ORCH_PORT (.env:3): expected a whole number from 1 to 65535, got 'abc'".
  std::string text() const;
};

using Problems = std::vector<Problem>;

}  // namespace butler::config
