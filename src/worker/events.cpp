#include "worker/events.hpp"

#include <array>

#include "domain/limits.hpp"
#include "domain/utf8.hpp"

namespace butler::worker {

namespace {

constexpr std::size_t summary_limit = 200;
constexpr std::size_t argument_limit = 1'000;
constexpr std::size_t arguments_bytes = domain::limits::event_data_bytes / 2;
constexpr std::size_t output_limit = 2'000;

api::ReportedEvent event_of(domain::EventType type, json::Object data) {
  return {.type = type, .ts = {}, .message = {}, .data = std::move(data)};
}

json::Value shorten_strings(const json::Value& value) {
  if (const auto* text = value.if_string()) return json::Value(domain::shorten(*text, argument_limit));
  if (const auto* array = value.if_array()) {
    json::Array out;
    for (const auto& item : *array) out.push_back(shorten_strings(item));
    return out;
  }
  if (const auto* object = value.if_object()) {
    json::Object out;
    for (const auto& member : *object) out.emplace(member.key(), shorten_strings(member.value()));
    return out;
  }
  return value;
}

}  // namespace

api::ReportedEvent text_event(std::string_view delta) {
  return event_of(domain::EventType::agent_text_delta, {{"delta", delta}});
}

api::ReportedEvent thinking_event(std::string_view delta) {
  return event_of(domain::EventType::agent_thinking_delta, {{"delta", delta}});
}

api::ReportedEvent log_event(std::string_view message) {
  return {.type = domain::EventType::log,
          .ts = {},
          .message = domain::shorten(message, domain::limits::event_message),
          .data = {}};
}

api::ReportedEvent refusal_event(Refused what, std::string_view message) {
  auto event = log_event(message);
  event.data = json::Object{{"kind", what == Refused::tool ? "policy_denied" : "egress_denied"}};
  return event;
}

api::ReportedEvent tool_start_event(const ToolCall& call) {
  json::Object data{{"toolCallId", call.id}, {"toolName", call.name}, {"summary", summarize(call)}};
  auto arguments = shorten_strings(call.arguments);
  if (json::serialize(arguments).size() <= arguments_bytes) data.emplace("args", std::move(arguments));
  return event_of(domain::EventType::tool_start, std::move(data));
}

api::ReportedEvent tool_update_event(std::string_view id, std::string_view name, std::string_view output) {
  return event_of(domain::EventType::tool_update,
                  {{"toolCallId", id}, {"toolName", name}, {"delta", keep_end(output, output_limit)}});
}

api::ReportedEvent tool_end_event(std::string_view id, std::string_view name, std::string_view output,
                                  bool is_error) {
  return event_of(domain::EventType::tool_end, {{"toolCallId", id},
                                                {"toolName", name},
                                                {"isError", is_error},
                                                {"output", keep_end(output, output_limit)}});
}

api::ReportedEvent usage_event(const domain::Usage& usage) {
  return event_of(domain::EventType::usage, {{"inputTokens", usage.input_tokens},
                                             {"outputTokens", usage.output_tokens},
                                             {"cacheReadTokens", usage.cache_read_tokens},
                                             {"cacheWriteTokens", usage.cache_write_tokens},
                                             {"costUsd", usage.cost_usd}});
}

const json::Value* delta_of(const api::ReportedEvent& event) {
  const bool carries_text = event.type == domain::EventType::agent_text_delta ||
                            event.type == domain::EventType::agent_thinking_delta;
  if (!carries_text || !event.data) return nullptr;
  const json::Value* delta = json::find(*event.data, "delta");
  return delta != nullptr && delta->is_string() ? delta : nullptr;
}

std::string summarize(const ToolCall& call) {
  static constexpr std::array telling{"command", "path", "file_path", "pattern", "url", "query"};
  for (const char* member : telling) {
    const auto text = json::find_string(call.arguments, member);
    if (!text.empty()) return domain::shorten(text, summary_limit);
  }
  return domain::shorten(json::serialize(call.arguments), summary_limit);
}

std::string keep_end(std::string_view text, std::size_t limit) {
  const auto total = domain::count_code_points(text);
  if (total <= limit) return std::string{text};
  text.remove_prefix(domain::prefix_code_points(text, total - (limit - 1)).size());
  std::string end = "…";
  end.append(text);
  return end;
}

}  // namespace butler::worker
