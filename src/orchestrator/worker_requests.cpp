#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/limits.hpp"
#include "orchestrator/lease_service.hpp"

// What workers may send, field by field.
namespace butler::orchestrator {

namespace limits = domain::limits;

namespace {

void check_event(const api::ReportedEvent& event, const std::string& field, FieldProblems& problems) {
  if (!domain::is_reported_by_worker(event.type)) {
    problems.add(field + "/type", "a worker does not report " + std::string{domain::enum_name(event.type)});
  }
  problems.check_optional(field + "/message", event.message, 0, limits::event_message);
  if (event.type == domain::EventType::agent_text_delta) {
    const auto* delta = event.data ? json::find(*event.data, "delta") : nullptr;
    if (delta == nullptr || !delta->is_string()) {
      problems.add(field + "/data/delta", "must be a string");
    } else {
      problems.check_length(field + "/data/delta", std::string_view{delta->get_string()}, 0,
                            limits::text_delta);
    }
  }
  if (event.data && json::serialize(*event.data).size() > limits::event_data_bytes) {
    problems.add(field + "/data", "must have at most " + std::to_string(limits::event_data_bytes) + " bytes");
  }
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
  if (request.event) check_event(*request.event, "event", problems);
  if (request.events) {
    if (request.events->size() > limits::events_per_batch) {
      problems.add("events", "must have at most " + std::to_string(limits::events_per_batch) + " items");
    }
    for (std::size_t i = 0; i < request.events->size(); ++i) {
      check_event((*request.events)[i], "events/" + std::to_string(i), problems);
    }
  }
  if (request.batch && *request.batch < 1) problems.add("batch", "must be 1 or more");
  if (problems.empty()) return std::nullopt;
  return problems.refusal();
}

}  // namespace butler::orchestrator
