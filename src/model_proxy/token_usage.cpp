#include "model_proxy/token_usage.hpp"

#include <algorithm>
#include <utility>

namespace butler::model_proxy {

namespace {

constexpr std::size_t longest_document = std::size_t{16} * 1024 * 1024;
constexpr std::int64_t most_tokens = 1'000'000'000;  // of one request; more is a provider's nonsense
constexpr std::size_t bytes_of_a_token = 4;

std::int64_t tokens(const json::Value& value, std::string_view name) {
  return std::clamp<std::int64_t>(json::find_integer(value, name), 0, most_tokens);
}

/// An object member, or null.
const json::Value& part(const json::Value& value, std::string_view name) {
  static const json::Value nothing;
  const json::Value* const found = json::find(value, name);
  return found == nullptr ? nothing : *found;
}

/// Changes the figure only when the member is there: later events leave out what they do not know.
void update(std::int64_t& figure, const json::Value& value, std::string_view name) {
  const json::Value* const found = json::find(value, name);
  if (found != nullptr && found->is_number()) figure = tokens(value, name);
}

TokenUsage without_cached(std::int64_t whole, std::int64_t read, std::int64_t written, std::int64_t output) {
  return {.input = std::max<std::int64_t>(0, whole - read - written),
          .output = output,
          .cache_read = read,
          .cache_write = written};
}

}  // namespace

UsageReader::UsageReader(ModelApi api, Form form) : api_(api), form_(form) {}

void UsageReader::take(std::string_view bytes) {
  if (form_ == Form::events) {
    for (const std::string& data : stream_.feed(bytes)) take_json(data);
    return;
  }
  too_large_ = too_large_ || document_.size() + bytes.size() > longest_document;
  if (!too_large_) document_.append(bytes);
}

void UsageReader::end() {
  const std::string last = form_ == Form::events ? stream_.finish() : std::exchange(document_, {});
  if (!last.empty() && !too_large_) take_json(last);
  if (form_ == Form::document && usage_) final_ = true;
}

void UsageReader::take_json(std::string_view text) {
  if (text == "[DONE]") return;
  const auto value = json::parse_tolerant(text);
  if (!value || !value->is_object()) return;
  ++events_;
  switch (api_) {
    case ModelApi::chat_completions:
    case ModelApi::mistral: return take_chat_completion(*value);
    case ModelApi::responses: return take_response(*value);
    case ModelApi::messages: return take_message(*value);
    case ModelApi::generate_content: return take_generated(*value);
  }
}

/// In the last chunk, beside `choices`; Moonshot's stands in the choice.
void UsageReader::take_chat_completion(const json::Value& value) {
  const json::Value* found = &part(value, "usage");
  const json::Value& choices = part(value, "choices");
  if (!found->is_object() && choices.is_array() && !choices.get_array().empty()) {
    found = &part(choices.get_array().front(), "usage");
  }
  if (!found->is_object()) return;
  const json::Value& details = part(*found, "prompt_tokens_details");
  // OpenAI and OpenRouter; DeepSeek; Moonshot.
  const auto read = std::max({tokens(details, "cached_tokens"), tokens(*found, "prompt_cache_hit_tokens"),
                              tokens(*found, "cached_tokens")});
  usage_ = without_cached(tokens(*found, "prompt_tokens"), read, tokens(details, "cache_write_tokens"),
                          tokens(*found, "completion_tokens"));
  final_ = true;
}

/// In the `response` of the event that ends it; a document is that response.
void UsageReader::take_response(const json::Value& value) {
  const json::Value& response = form_ == Form::events ? part(value, "response") : value;
  const json::Value& usage = part(response, "usage");
  if (!usage.is_object()) return;
  const json::Value& details = part(usage, "input_tokens_details");
  usage_ = without_cached(tokens(usage, "input_tokens"), tokens(details, "cached_tokens"),
                          tokens(details, "cache_write_tokens"), tokens(usage, "output_tokens"));
  final_ = true;
}

/// `message_start` has the input, `message_delta` the output so far; a document has both.
void UsageReader::take_message(const json::Value& value) {
  const auto type = json::find_string(value, "type");
  const json::Value& usage = part(type == "message_start" ? part(value, "message") : value, "usage");
  if (!usage.is_object()) return;
  TokenUsage known = usage_.value_or(TokenUsage{});
  update(known.input, usage, "input_tokens");
  update(known.output, usage, "output_tokens");
  update(known.cache_read, usage, "cache_read_input_tokens");
  update(known.cache_write, usage, "cache_creation_input_tokens");
  usage_ = known;
  final_ = type == "message_delta";
}

/// Each chunk repeats the figures, the last one's count.
void UsageReader::take_generated(const json::Value& value) {
  const json::Value& usage = part(value, "usageMetadata");
  if (!usage.is_object()) return;
  usage_ = without_cached(tokens(usage, "promptTokenCount"), tokens(usage, "cachedContentTokenCount"), 0,
                          tokens(usage, "candidatesTokenCount") + tokens(usage, "thoughtsTokenCount"));
  const json::Value& candidates = part(value, "candidates");
  final_ = candidates.is_array() && !candidates.get_array().empty() &&
           !json::find_string(candidates.get_array().front(), "finishReason").empty();
}

TokenUsage estimate_usage(const UsageReader& reader, std::size_t request_bytes) {
  TokenUsage usage = reader.usage().value_or(
      TokenUsage{.input = static_cast<std::int64_t>(request_bytes / bytes_of_a_token)});
  usage.output = std::max(usage.output, reader.events());
  return usage;
}

}  // namespace butler::model_proxy
