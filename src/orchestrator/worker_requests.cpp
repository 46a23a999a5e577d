#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/limits.hpp"
#include "orchestrator/lease_service.hpp"

// What workers may send, field by field.
namespace butler::orchestrator {

namespace limits = domain::limits;

namespace {

/// How long the value's text can be: no less than it is. Seldom near the limit, and far cheaper than the
/// text.
std::size_t longest_text(const json::Value& value) {
  constexpr std::size_t longest_escape = 6;
  constexpr std::size_t longest_number = 32;
  const auto of_string = [](std::size_t size) { return longest_escape * size + 2; };
  if (const auto* text = value.if_string()) return of_string(text->size());
  std::size_t sum = longest_number;
  if (const auto* array = value.if_array()) {
    for (const auto& item : *array) sum += longest_text(item) + 1;
  } else if (const auto* object = value.if_object()) {
    for (const auto& member : *object)
      sum += of_string(member.key().size()) + longest_text(member.value()) + 2;
  }
  return sum;
}

bool is_too_long(const json::Value& data) {
  return longest_text(data) > limits::event_data_bytes &&
         json::serialize(data).size() > limits::event_data_bytes;
}

/// What is wrong with the event, by its own fields.
FieldProblems problems_of(const api::ReportedEvent& event) {
  FieldProblems problems;
  if (!domain::is_reported_by_worker(event.type)) {
    problems.add("type", "a worker does not report " + std::string{domain::enum_name(event.type)});
  }
  problems.check_optional("message", event.message, 0, limits::event_message);
  if (event.type == domain::EventType::agent_text_delta) {
    const auto* delta = event.data ? json::find(*event.data, "delta") : nullptr;
    if (delta == nullptr || !delta->is_string()) {
      problems.add("data/delta", "must be a string");
    } else {
      problems.check_length("data/delta", std::string_view{delta->get_string()}, 0, limits::text_delta);
    }
  }
  if (event.data && is_too_long(*event.data)) {
    problems.add("data", "must have at most " + std::to_string(limits::event_data_bytes) + " bytes");
  }
  return problems;
}

}  // namespace

std::optional<Refusal> check(const api::ClaimRequest& request) {
  FieldProblems problems;
  problems.check_length("workerId", request.worker_id, 1, limits::worker_id);
  problems.check_optional("claimId", request.claim_id, 1, limits::claim_id);
  problems.check_optional("sessionStore", request.session_store, 1, limits::session_store);
  if (request.wait_seconds.value_or(0) < 0) problems.add("waitSeconds", "must not be negative");
  if (request.labels) {
    for (const auto& label : *request.labels) problems.check_length("labels", label, 1, limits::label);
  }
  if (problems.empty()) return std::nullopt;
  return problems.refusal();
}

std::optional<Refusal> check(const api::ReportEventsRequest& request) {
  FieldProblems problems;
  if (request.event.has_value() == request.events.has_value()) {
    problems.add("event", "exactly one of event and events is required");
  }
  if (request.event) problems.add_within("event", problems_of(*request.event));
  if (request.events) {
    if (request.events->size() > limits::events_per_batch) {
      problems.add("events", "must have at most " + std::to_string(limits::events_per_batch) + " items");
    }
    for (std::size_t i = 0; i < request.events->size(); ++i) {
      const auto found = problems_of((*request.events)[i]);
      if (!found.empty()) problems.add_within("events/" + std::to_string(i), found);
    }
  }
  if (request.batch && *request.batch < 1) problems.add("batch", "must be 1 or more");
  if (problems.empty()) return std::nullopt;
  return problems.refusal();
}

}  // namespace butler::orchestrator
