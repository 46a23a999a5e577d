#include "gateway/keyboards.hpp"

#include <algorithm>
#include <utility>

#include "domain/job_id.hpp"
#include "domain/job_status.hpp"
#include "gateway/keyboard_markup.hpp"
#include "gateway/press_rules.hpp"
#include "gateway/wording_buttons.hpp"

namespace butler::gateway {

namespace {

using domain::ApprovalScope;
using domain::JobStatus;

constexpr std::size_t most_jobs_to_stop = 6;

Button stop_button(std::string label, const std::string& job_id) {
  return {.label = std::move(label),
          .action = ButtonAction::stop,
          .subject = job_id,
          .style = ButtonStyle::danger};
}

bool has_scope(const api::Approval& approval, ApprovalScope scope) {
  return std::ranges::find(approval.scopes, scope) != approval.scopes.end();
}

std::string decision_words(wording::Language language, const domain::Job& job, bool denied,
                           const std::optional<Buttons::Decider>& decider) {
  const bool never_ran = job.status == JobStatus::aborted && !job.started_at;
  const bool approved = !never_ran;
  const std::string who = decider && decider->approves == approved ? decider->name : "";
  if (approved) return wording::approved_outcome(language, who);
  return denied ? wording::denied_outcome(language, who) : wording::say(language, "buttons.not_needed");
}

}  // namespace

Keyboard job_approval_keyboard(wording::Language language, const std::string& job_id) {
  return {{{{.label = wording::say(language, "buttons.approve"),
             .action = ButtonAction::approve_job,
             .subject = job_id,
             .style = ButtonStyle::success},
            {.label = wording::say(language, "buttons.deny"),
             .action = ButtonAction::deny_job,
             .subject = job_id,
             .style = ButtonStyle::danger}}}};
}

Keyboard tool_approval_keyboard(wording::Language language, const api::Approval& approval) {
  std::vector<Button> allow;
  const auto add = [&](ApprovalScope scope, std::string label, ButtonAction action) {
    if (!has_scope(approval, scope)) return;
    allow.push_back({.label = std::move(label),
                     .action = action,
                     .subject = approval.id,
                     .style = scope == ApprovalScope::once ? ButtonStyle::success : ButtonStyle::plain});
  };
  add(ApprovalScope::once, wording::say(language, "buttons.once"), ButtonAction::allow_once);
  add(ApprovalScope::session, wording::say(language, "buttons.session"), ButtonAction::allow_session);
  add(ApprovalScope::always, wording::say(language, "buttons.always"), ButtonAction::allow_always);
  Keyboard keyboard;
  if (!allow.empty()) keyboard.rows.push_back(std::move(allow));
  keyboard.rows.push_back({{.label = wording::say(language, "buttons.deny"),
                            .action = ButtonAction::deny_tool,
                            .subject = approval.id,
                            .style = ButtonStyle::danger}});
  return keyboard;
}

Keyboard pairing_keyboard(wording::Language language, const std::string& code) {
  return {{{{.label = wording::say(language, "buttons.approve"),
             .action = ButtonAction::pair,
             .subject = code,
             .style = ButtonStyle::success},
            {.label = wording::say(language, "buttons.deny"),
             .action = ButtonAction::refuse_pair,
             .subject = code,
             .style = ButtonStyle::danger}}}};
}

Keyboard failure_keyboard(wording::Language language, const std::string& job_id) {
  return {{{{.label = wording::say(language, "buttons.retry"),
             .action = ButtonAction::retry,
             .subject = job_id,
             .style = ButtonStyle::primary},
            {.label = wording::say(language, "buttons.details"),
             .action = ButtonAction::details,
             .subject = job_id}}}};
}

Keyboard waiting_keyboard(wording::Language language, const std::string& job_id, bool alone) {
  Keyboard keyboard{
      {{{.label = wording::say(language, "buttons.status"), .action = ButtonAction::status, .subject = ""}}}};
  if (alone) keyboard.rows.front().push_back(stop_button(wording::say(language, "buttons.stop"), job_id));
  return keyboard;
}

Keyboard job_keyboard(wording::Language language, const domain::Job& job) {
  if (job.status == JobStatus::needs_approval) return job_approval_keyboard(language, job.id);
  if (job.status == JobStatus::failed || job.status == JobStatus::aborted) {
    Keyboard keyboard = failure_keyboard(language, job.id);
    keyboard.rows.front().pop_back();  // the details are above it
    return keyboard;
  }
  if (job.status == JobStatus::aborting || domain::is_terminal(job.status)) return {};
  return {{{stop_button(wording::say(language, "buttons.stop"), job.id)}}};
}

Keyboard stop_keyboard(wording::Language language, const std::vector<domain::Job>& jobs) {
  constexpr std::size_t in_a_row = 3;
  Keyboard keyboard;
  std::size_t count = 0;
  for (const domain::Job& job : jobs) {
    if (job.status == JobStatus::aborting || domain::is_terminal(job.status)) continue;
    if (count == most_jobs_to_stop) break;
    if (count % in_a_row == 0) keyboard.rows.emplace_back();
    const std::string label = jobs.size() == 1 ? wording::say(language, "buttons.stop")
                                               : wording::say(language, "buttons.stop_one",
                                                              {{"job", domain::short_job_id(job.id)}});
    keyboard.rows.back().push_back(stop_button(label, job.id));
    ++count;
  }
  return keyboard;
}

bool queue_with_keyboard(OutboxSender& outbox, Buttons& buttons, Outgoing message, const Keyboard& keyboard,
                         Audience audience) {
  if (keyboard.rows.empty()) return outbox.queue(std::move(message));
  audience.lane = message.to;
  const json::Object markup = buttons.markup(keyboard, audience);
  message.payloads = with_markup(std::move(message.payloads), markup);
  if (outbox.queue(std::move(message))) return true;
  buttons.forget(markup);
  return false;
}

void show_job_decision(Buttons& buttons, GatewayStore& store, const domain::Job& job) {
  if (job.status == JobStatus::needs_approval) return;
  const std::string matter = job_matter(job.id);
  if (store.open_keyboards(matter).empty()) return;
  const auto turn = store.turn_of_job(job.id);
  const auto decider = buttons.decider(matter);
  buttons.decided(matter, [&](Lane lane) {
    return decision_words(buttons.language(lane), job, turn && turn->denied, decider);
  });
}

}  // namespace butler::gateway
