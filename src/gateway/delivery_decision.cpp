#include "gateway/delivery_decision.hpp"

namespace butler::gateway {

namespace {

using Action = DeliveryDecision::Action;
using telegram::ApiError;

constexpr int most_restarts = 5;
constexpr std::chrono::seconds flood_without_a_figure{1};

bool mentions(const ApiError& error, std::string_view words) {
  return error.description.find(words) != std::string::npos;
}

DeliveryDecision uncertain(const PartFacts& part, const DeliveryTiming& timing) {
  const bool again = part.kind == MessageKind::answer && part.unknown_outcomes == 0;
  if (again) return {Action::retry_uncertain, timing.uncertain_retry};
  return {Action::leave_uncertain};
}

DeliveryDecision refused_request(const ApiError& error, const PartFacts& part) {
  if (error.migrate_to_chat_id) return {Action::resend_moved};
  const bool about_entities = mentions(error, "entit") || mentions(error, "ENTIT");
  if (about_entities && part.has_entities) return {Action::resend_plain};
  if (mentions(error, "message thread not found") && part.has_thread) return {Action::resend_without_thread};
  return {Action::dead};
}

DeliveryDecision server_fault(const ApiError& error, const PartFacts& part, const DeliveryTiming& timing,
                              double jitter) {
  if (!mentions(error, "restart")) return uncertain(part, timing);
  if (part.restarts >= most_restarts) return {Action::dead};
  return {Action::retry_restart, domain::retry_delay(timing.restarting, part.restarts + 1, jitter)};
}

}  // namespace

DeliveryDecision delivery_decision(const SendOutcome& outcome, const PartFacts& part,
                                   const DeliveryTiming& timing, double jitter) {
  if (outcome) return {Action::done};
  const ApiError& error = outcome.error();
  if (error.kind == ApiError::Kind::not_sent) {
    return {Action::retry, domain::retry_delay(timing.not_sent, part.attempts, jitter)};
  }
  if (error.error_code == 429) {
    return {Action::retry, error.retry_after.value_or(flood_without_a_figure) + timing.flood_slack};
  }
  if (error.kind == ApiError::Kind::unknown) return uncertain(part, timing);
  if (error.token_refused()) return {Action::stop};
  if (error.error_code == 421) {  // misdirected: refused before it was looked at, another connection helps
    return {Action::retry, domain::retry_delay(timing.not_sent, part.attempts, jitter)};
  }
  if (error.error_code >= 500) return server_fault(error, part, timing, jitter);
  return refused_request(error, part);
}

}  // namespace butler::gateway
