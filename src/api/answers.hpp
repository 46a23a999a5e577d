#pragma once

#include <expected>
#include <string>

#include "api/orchestrator_client.hpp"
#include "json/codec.hpp"

/// How the client reads the orchestrator's answers. For the .cpp files of OrchestratorClient.
namespace butler::api {

/// What an answer may take beyond the wait that was asked for.
inline constexpr std::chrono::seconds answer_time{15};

CallError unreachable(std::string message);

/// What an answer with this status and body means, when its status is no success: 429, most of 5xx and what
/// is none of ours may be repeated, the rest is a no.
CallError error_of(const http::Response& response);

bool is_success(int status);

template <class T>
std::expected<T, CallError> decode_answer(const json::Value& value) {
  auto decoded = json::decode<T>(value);
  if (decoded) return *std::move(decoded);
  const json::Problem& problem = decoded.error().front();
  return std::unexpected(unreachable("unreadable answer: " + problem.path + ": " + problem.message));
}

}  // namespace butler::api
