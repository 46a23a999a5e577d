#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/event_stream.hpp"
#include "json/value.hpp"
#include "model_proxy/model_api.hpp"

namespace butler::model_proxy {

/// What a request took, as providers charge for it. No token is counted twice.
struct TokenUsage {
  std::int64_t input = 0;   ///< neither read from nor written to the cache
  std::int64_t output = 0;  ///< with what the model thought
  std::int64_t cache_read = 0;
  std::int64_t cache_write = 0;

  std::int64_t whole_input() const { return input + cache_read + cache_write; }
  bool operator==(const TokenUsage&) const = default;
};

/// Reads from a provider's answer, as it passes by, what the request has cost. Pure; memory is bounded
/// whatever comes.
class UsageReader {
 public:
  /// How the answer's body is to be read.
  enum class Form : std::uint8_t { events, document };

  UsageReader(ModelApi api, Form form);

  /// Takes the next bytes of the body.
  void take(std::string_view bytes);
  /// The body has ended, or will not go on.
  void end();

  /// What the provider has said. Final or not: a stream may be cut before its figures.
  const std::optional<TokenUsage>& usage() const { return usage_; }
  /// True once the figures are the answer's last ones.
  bool is_final() const { return final_; }
  /// How many events have come: a model writes at least one token in each.
  std::int64_t events() const { return events_; }

 private:
  void take_json(std::string_view text);
  void take_chat_completion(const json::Value& value);
  void take_response(const json::Value& value);
  void take_message(const json::Value& value);
  void take_generated(const json::Value& value);

  ModelApi api_;
  Form form_;
  http::EventStream stream_;
  std::string document_;
  bool too_large_ = false;
  std::optional<TokenUsage> usage_;
  bool final_ = false;
  std::int64_t events_ = 0;
};

/// What an answer has cost when its own figures are missing or cut off: those there are, at least one output
/// token for each event, and a quarter of the request's bytes as input.
TokenUsage estimate_usage(const UsageReader& reader, std::size_t request_bytes);

}  // namespace butler::model_proxy
