#pragma once

#include <map>
#include <string>
#include <string_view>

namespace butler::sandbox_probe {

/// What marks a planted secret, wherever it is: in files, environments, memory, keys, answers of services.
inline constexpr std::string_view canary = "butler-probe-canary";

/// Where the machine's secrets and services are, as the words name=value say: inside a sandbox nothing else
/// could.
class Targets {
 public:
  Targets() = default;
  explicit Targets(std::map<std::string, std::string> values) : values_(std::move(values)) {}

  /// Takes "name=value"; false for anything else.
  bool add(std::string_view word);

  /// "" when it is not known.
  std::string text(const std::string& name) const;
  /// `otherwise` when it is not known or no number.
  long number(const std::string& name, long otherwise = -1) const;

  const std::map<std::string, std::string>& all() const { return values_; }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace butler::sandbox_probe
