#include "gateway/tool_approvals.hpp"

#include <charconv>
#include <set>

#include "async/event.hpp"
#include "domain/backoff.hpp"
#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "gateway/press_rules.hpp"
#include "gateway/reply.hpp"
#include "gateway/wording_approvals.hpp"
#include "gateway/wording_buttons.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

using domain::ApprovalStatus;

constexpr domain::Backoff question_backoff{std::chrono::milliseconds{200}, 2.0, std::chrono::seconds{5}};

/// The one line about an approval's end in a chat.
std::string told(const std::string& approval_id, Lane lane) {
  return "told:" + approval_id + ":" + std::to_string(lane.chat_id);
}

}  // namespace

ToolApprovals::Looked ToolApprovals::look(Turn turn, domain::Job job) {
  const auto approvals = co_await orchestrator_.approvals(job.id);
  if (!approvals) co_return std::unexpected(approvals.error());
  store_.unit([&] {
    for (const api::Approval& approval : *approvals) {
      if (approval.status != ApprovalStatus::pending) {
        tell(approval);
        continue;
      }
      if (store_.approval(approval.id)) continue;
      const auto places = requests_.ask(turn, job, approval);
      store_.add_approval({.id = approval.id,
                           .job_id = job.id,
                           .summary = wording::tool_call_summary(approval),
                           .asked_at = domain::wall_clock_now()},
                          places);
      log::info("approval.asked", {{"approval", approval.id},
                                   {"job", job.id},
                                   {"tool", approval.tool_name},
                                   {"places", places.size()}});
    }
  });
  co_return std::expected<void, api::CallError>{};
}

void ToolApprovals::tell(const api::Approval& approval, const ControlRequest* command) {
  store_.unit([&] {
    const auto asked = store_.approval(approval.id);
    if (!asked) return;
    if (store_.end_approval(approval.id, domain::wall_clock_now())) {
      const Words outcome = [&](wording::Language language) {
        return wording::tool_outcome(language, *asked, approval, decider_of(language, approval));
      };
      buttons_.decided(approval_matter(approval.id), [&](Lane lane) {
        const auto language = buttons_.language(lane);
        const std::string who = decider_of(language, approval);
        return wording::tool_outcome_label(language, approval, wording::button_person(std::string_view{who}));
      });
      say(*asked, outcome, command != nullptr ? &command->lane : nullptr);
      log::info("approval.over", {{"approval", approval.id},
                                  {"job", approval.job_id},
                                  {"status", domain::enum_name(approval.status)},
                                  {"by", approval.decider_id.value_or("")}});
    }
    // Unless a former process has said it there.
    if (command != nullptr && !command->button) {
      outbox_.queue(
          {.source = told(approval.id, command->lane),
           .kind = MessageKind::answer,
           .to = command->lane,
           .payloads = plain_payloads(wording::tool_outcome(command->language, *asked, approval, ""),
                                      reply_target(command->lane, command->message.message_id))});
    }
  });
}

/// One quiet line in every chat where it was asked, or told that it was.
void ToolApprovals::say(const AskedApproval& asked, const Words& words, const Lane* except) {
  for (const ApprovalPlace& place : store_.approval_places(asked.id)) {
    if (except != nullptr && except->chat_id == place.lane.chat_id) continue;
    outbox_.queue({.source = told(asked.id, place.lane),
                   .kind = MessageKind::notice,
                   .to = place.lane,
                   .payloads = quiet_payloads(words(languages_.of_lane(place.lane)))});
  }
}

std::string ToolApprovals::decider_of(wording::Language language, const api::Approval& approval) {
  if (!approval.decider_id) return "";
  const std::string& id = *approval.decider_id;
  std::int64_t person = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), person);
  const bool is_number = error == std::errc{} && end == id.data() + id.size();
  const auto name = is_number ? store_.decider_name(approval.id, person) : std::nullopt;
  return name.value_or(wording::somebody(language, id));
}

void ToolApprovals::job_ended(const std::string& job_id) {
  if (waits(job_id)) tasks_.spawn("approvals of an ended job", close(job_id));
}

void ToolApprovals::resume() {
  std::set<std::string> jobs;
  for (const AskedApproval& asked : store_.waiting_approvals({})) jobs.insert(asked.job_id);
  for (const std::string& job_id : jobs) {
    const auto turn = store_.turn_of_job(job_id);
    if (turn && turn->state == TurnState::answered) job_ended(job_id);
  }
}

/// Its end and a decision may have crossed: the orchestrator knows which came first.
asio::awaitable<void> ToolApprovals::close(std::string job_id) {
  for (int failures = 1;; ++failures) {
    const auto approvals = co_await orchestrator_.approvals(job_id);
    const bool gone = !approvals && approvals.error().kind == api::CallError::Kind::refused;
    if (approvals || gone) {
      store_.unit([&] {
        if (approvals) {
          for (const auto& one : *approvals) {
            if (one.status != ApprovalStatus::pending) tell(one);
          }
        }
        for (const AskedApproval& asked : store_.waiting_approvals_of(job_id)) tell_moot(asked);
      });
      co_return;
    }
    const auto wait = domain::retry_delay(question_backoff, failures, process::random_fraction());
    co_await async::sleep_for(wait);
  }
}

void ToolApprovals::tell_moot(const AskedApproval& asked) {
  if (!store_.end_approval(asked.id, domain::wall_clock_now())) return;
  const Words moot = [&](wording::Language language) {
    return wording::tool_request_is_moot(language, asked);
  };
  buttons_.decided(approval_matter(asked.id),
                   [this](Lane lane) { return wording::say(buttons_.language(lane), "buttons.not_needed"); });
  say(asked, moot, nullptr);
  log::info("approval.over", {{"approval", asked.id}, {"job", asked.job_id}, {"status", "moot"}});
}

}  // namespace butler::gateway
