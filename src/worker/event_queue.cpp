#include "worker/event_queue.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "domain/limits.hpp"
#include "domain/utf8.hpp"
#include "worker/events.hpp"

namespace butler::worker {

namespace {

namespace limits = domain::limits;

// Half of what the orchestrator takes: names, commas and the other members fit into the rest.
constexpr std::size_t batch_bytes = limits::events_body_bytes / 2;

std::size_t encoded_bytes(const api::ReportedEvent& event) {
  constexpr std::size_t frame = 128;  // type, time and punctuation
  const std::size_t message = event.message ? json::serialize(json::Value(*event.message)).size() : 0;
  return frame + message + (event.data ? json::serialize(*event.data).size() : 0);
}

/// An event that the orchestrator would refuse for its size says less instead.
void fit(api::ReportedEvent& event) {
  if (event.message) event.message = domain::shorten(*event.message, limits::event_message);
  if (!event.data || delta_of(event) != nullptr) return;
  if (json::serialize(*event.data).size() <= limits::event_data_bytes) return;
  json::Object small{{"truncated", true}};
  for (const char* kept : {"toolCallId", "toolName"}) {
    const auto text = json::find_string(*event.data, kept);
    if (!text.empty()) small.emplace(kept, domain::shorten(text, limits::person_or_chat_id));
  }
  event.data = std::move(small);
}

/// What a later event, or the end, makes up for.
bool is_progress(domain::EventType type) {
  using enum domain::EventType;
  return type == agent_thinking_delta || type == tool_update || type == log || type == usage;
}

}  // namespace

void EventQueue::push(api::ReportedEvent event) {
  if (entries_.size() >= most_waiting && is_progress(event.type)) return;
  if (const json::Value* delta = delta_of(event)) return push_text(event.type, delta->get_string());
  fit(event);
  entries_.push_back({.event = std::move(event), .ticket = ++tickets_});
}

void EventQueue::push_text(domain::EventType type, std::string_view text) {
  if (!entries_.empty() && entries_.back().event.type == type) {
    Entry& last = entries_.back();
    const auto piece = domain::prefix_code_points(text, limits::text_delta - last.code_points);
    last.event.data->as_object()["delta"].as_string().append(piece);
    last.code_points += domain::count_code_points(piece);
    if (!piece.empty()) last.ticket = ++tickets_;
    text.remove_prefix(piece.size());
  }
  for (const auto piece : domain::split_code_points(text, limits::text_delta)) {
    api::ReportedEvent event =
        type == domain::EventType::agent_text_delta ? text_event(piece) : thinking_event(piece);
    const auto length = domain::count_code_points(piece);
    entries_.push_back({.event = std::move(event), .ticket = ++tickets_, .code_points = length});
  }
}

EventQueue::Batch EventQueue::take() {
  Batch batch;
  std::size_t bytes = 0;
  while (!entries_.empty() && batch.events.size() < limits::events_per_batch) {
    Entry& entry = entries_.front();
    const std::size_t more = encoded_bytes(entry.event);
    if (!batch.events.empty() && bytes + more > batch_bytes) break;
    bytes += more;
    batch.last_ticket = entry.ticket;
    batch.events.push_back(std::move(entry.event));
    entries_.pop_front();
  }
  return batch;
}

}  // namespace butler::worker
