#include "config/environment.hpp"

namespace butler::config {

std::string Problem::text() const {
  if (name.empty()) return source + ": " + message;
  if (source.empty()) return name + ": " + message;
  return name + " (" + source + "): " + message;
}

}  // namespace butler::config
