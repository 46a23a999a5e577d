#include "gateway/live_progress.hpp"

#include <utility>

#include "api/event_member.hpp"

namespace butler::gateway {

namespace {

using domain::EventType;

/// Of the text that is kept: a message shows the last 3 500 units of it. It is rendered as often as it is
/// shown.
constexpr std::size_t longest_live_text = std::size_t{64} * 1024;

double number_of(const json::Value& value, std::string_view name) {
  const json::Value* found = json::find(value, name);
  if (found == nullptr || !found->is_number()) return 0;
  return found->to_number<double>();
}

/// Only the second half of a text that got too long, from the beginning of a line.
void keep_end(std::string& text) {
  if (text.size() <= longest_live_text) return;
  const auto line = text.find('\n', text.size() - longest_live_text / 2);
  auto begin = line == std::string::npos ? text.size() - longest_live_text / 2 : line + 1;
  while (begin < text.size() && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U) ++begin;
  text.erase(0, begin);
}

}  // namespace

void LiveProgress::add(const api::Event& event) {
  const bool begins_anew = event.type == EventType::job_started || event.type == EventType::job_requeued;
  if (begins_anew) *this = {};
  activity_.add(event);
  switch (event.type) {
    case EventType::agent_text_delta:
      if (std::exchange(text_ended_, false)) text_.clear();
      text_ += api::event_member(event, "delta");
      keep_end(text_);
      break;
    case EventType::tool_start: text_ended_ = true; break;
    case EventType::usage:
      if (!event.data) break;
      tokens_ = json::find_integer(*event.data, "inputTokens") +
                json::find_integer(*event.data, "outputTokens") +
                json::find_integer(*event.data, "cacheReadTokens") +
                json::find_integer(*event.data, "cacheWriteTokens");
      cost_usd_ = number_of(*event.data, "costUsd");
      break;
    default: break;
  }
}

}  // namespace butler::gateway
