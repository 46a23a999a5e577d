#include "gateway/failure_reason.hpp"

#include "json/value.hpp"

namespace butler::gateway {

std::string reason_for_people(std::string_view error) {
  const auto begin = error.find('{');
  if (begin == std::string_view::npos) return std::string{error};
  const auto answer = json::parse_tolerant(error.substr(begin));
  if (!answer) return std::string{error};
  const json::Value* inner = json::find(*answer, "error");
  std::string_view message = json::find_string(inner != nullptr ? *inner : *answer, "message");
  if (message.empty()) message = json::find_string(*answer, "message");
  return std::string{message.empty() ? error : message};
}

}  // namespace butler::gateway
