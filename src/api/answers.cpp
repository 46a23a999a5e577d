#include "api/answers.hpp"

#include "api/describe.hpp"

namespace butler::api {

namespace {

CallError refused(const http::Response& response) {
  const auto body = json::parse(response.body);
  CallError error{.kind = CallError::Kind::refused, .status = response.status};
  if (body) error.code = json::find_string(*body, "error");
  error.message = "the orchestrator refused with " + std::to_string(error.status) + " " + error.code;
  const auto text = body ? json::find_string(*body, "message") : std::string_view{};
  if (!text.empty()) error.message.append(": ").append(text);
  if (const auto* approval = body ? json::find(*body, "approval") : nullptr) {
    if (auto decoded = json::decode<Approval>(*approval)) error.approval = *std::move(decoded);
  }
  return error;
}

bool may_be_repeated(int status) {
  constexpr int insufficient_storage = 507;  // a repeat finds no more room
  return status == 429 || status < 200 || status / 100 == 3 ||
         (status >= 500 && status != insufficient_storage);
}

}  // namespace

CallError unreachable(std::string message) {
  return {.kind = CallError::Kind::unreachable, .message = std::move(message)};
}

bool is_success(int status) { return status / 100 == 2; }

CallError error_of(const http::Response& response) {
  if (may_be_repeated(response.status)) {
    return unreachable("the orchestrator answered " + std::to_string(response.status));
  }
  return refused(response);
}

}  // namespace butler::api
