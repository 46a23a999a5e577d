#include "config/systemd_environment.hpp"

#include <string_view>

namespace butler::config {

std::string render_systemd_environment(const std::map<std::string, std::string>& variables) {
  constexpr std::string_view special = "\"\\`$";
  std::string text;
  for (const auto& [name, value] : variables) {
    text += name + "=\"";
    for (const char letter : value) {
      if (special.contains(letter)) text.push_back('\\');
      text.push_back(letter);
    }
    text += "\"\n";
  }
  return text;
}

}  // namespace butler::config
