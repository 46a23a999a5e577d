#include "gateway/delivery_decision.hpp"

#include <algorithm>
#include <array>

namespace butler::gateway {

namespace {

using Action = DeliveryDecision::Action;
using telegram::ApiError;

constexpr int most_restarts = 5;
constexpr int most_server_faults = 3;
constexpr int most_file_faults = 16;  // some 5 minutes
constexpr std::chrono::seconds flood_without_a_figure{1};

// Telegram's words, by what follows from them (telegram.org/bots/api, and the server's source).
constexpr std::array<std::string_view, 6> no_such_chat{"chat not found",    "chat_id is empty",
                                                       "PEER_ID_INVALID",   "CHAT_WRITE_FORBIDDEN",
                                                       "not enough rights", "have no rights to send"};
constexpr std::array<std::string_view, 3> no_such_topic{"message thread not found", "TOPIC_DELETED",
                                                        "TOPIC_CLOSED"};
constexpr std::array<std::string_view, 4> no_such_text{"message is too long", "text is too long",
                                                       "text is empty", "text must be non-empty"};
constexpr std::array<std::string_view, 2> bad_entities{"entit", "ENTIT"};

template <std::size_t count>
bool mentions(const ApiError& error, const std::array<std::string_view, count>& any_of) {
  return std::ranges::any_of(
      any_of, [&](std::string_view words) { return error.description.find(words) != std::string::npos; });
}

bool says_restart(const ApiError& error) { return error.description.find("restart") != std::string::npos; }

std::chrono::milliseconds flood_pause(const ApiError& error, const DeliveryTiming& timing) {
  return error.retry_after.value_or(flood_without_a_figure) + timing.flood_slack;
}

DeliveryDecision uncertain(const PartFacts& part, const DeliveryTiming& timing) {
  const bool sends_again = is_final(part.kind) && part.unknown_outcomes == 0;
  if (sends_again) return {Action::retry_uncertain, timing.uncertain_retry};
  return {Action::leave_uncertain};
}

/// As documents, Telegram looks at nothing in them; too large or gone (410, our own) is so in any form.
DeliveryDecision refused_files(const ApiError& error, const PartFacts& part) {
  const bool in_any_form = error.error_code == 413 || error.error_code == 410;
  const bool may_change = part.files == FilesForm::media && !in_any_form;
  return {may_change ? Action::resend_files_as_documents : Action::resend_files_as_words};
}

DeliveryDecision refused_request(const ApiError& error, const PartFacts& part) {
  if (error.migrate_to_chat_id) return {Action::resend_moved};
  if (error.error_code == 403 || mentions(error, no_such_chat)) return {Action::park};
  if (mentions(error, bad_entities) && part.has_entities) return {Action::resend_plain};
  if (mentions(error, no_such_topic) && part.has_thread) return {Action::resend_without_thread};
  if (part.files != FilesForm::none) return refused_files(error, part);
  const bool unfit = error.error_code == 413 || mentions(error, no_such_text);
  if (unfit && !part.is_document) return {Action::resend_as_document};
  return {Action::dead};
}

DeliveryDecision server_fault(const ApiError& error, const PartFacts& part, const DeliveryTiming& timing,
                              double jitter) {
  if (!says_restart(error)) return uncertain(part, timing);
  if (part.restarts >= most_restarts) return {Action::dead};
  return {Action::retry_restart, domain::retry_delay(timing.restarting, part.restarts + 1, jitter)};
}

}  // namespace

bool is_final(MessageKind kind) { return kind == MessageKind::answer || kind == MessageKind::failure; }

bool failed_by_server(const ApiError& error) {
  return error.kind == ApiError::Kind::refused && error.error_code >= 500;
}

DeliveryDecision delivery_decision(const SendOutcome& outcome, const PartFacts& part,
                                   const DeliveryTiming& timing, double jitter) {
  if (outcome) return {Action::done};
  const ApiError& error = outcome.error();
  if (error.kind == ApiError::Kind::not_sent) {
    // The orchestrator answers, and does not hand the files over: what is behind them goes on.
    const bool unreadable = part.files != FilesForm::none && error.error_code != 0;
    if (unreadable && part.attempts >= most_file_faults) return {Action::resend_files_as_words};
    return {Action::retry, domain::retry_delay(timing.not_sent, part.attempts, jitter)};
  }
  if (error.error_code == 429) return {Action::retry, flood_pause(error, timing)};
  if (error.kind == ApiError::Kind::unknown) return uncertain(part, timing);
  if (error.token_refused()) return {Action::stop};
  if (error.error_code == 421) {  // misdirected: refused before it was looked at, another connection helps
    return {Action::retry, domain::retry_delay(timing.not_sent, part.attempts, jitter)};
  }
  if (failed_by_server(error)) return server_fault(error, part, timing, jitter);
  return refused_request(error, part);
}

std::optional<std::chrono::milliseconds> repeat_after(const ApiError& error, const CallFailures& failures,
                                                      const DeliveryTiming& timing, double jitter) {
  if (error.error_code == 429) return flood_pause(error, timing);
  if (failed_by_server(error)) {
    const int most = says_restart(error) ? most_restarts : most_server_faults;
    if (failures.by_server > most) return std::nullopt;
    return domain::retry_delay(timing.restarting, failures.by_server, jitter);
  }
  const bool refused = error.kind == ApiError::Kind::refused && error.error_code != 421;
  if (refused) return std::nullopt;
  return domain::retry_delay(timing.not_sent, failures.all, jitter);
}

}  // namespace butler::gateway
