#include "sandbox_probe/targets.hpp"

#include <charconv>

namespace butler::sandbox_probe {

bool Targets::add(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  values_[std::string{word.substr(0, equals)}] = word.substr(equals + 1);
  return true;
}

std::string Targets::text(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string{} : found->second;
}

long Targets::number(const std::string& name, long otherwise) const {
  const std::string value = text(name);
  long number = 0;
  const auto parsed = std::from_chars(value.data(), value.data() + value.size(), number);
  return value.empty() || parsed.ec != std::errc{} ? otherwise : number;
}

}  // namespace butler::sandbox_probe
