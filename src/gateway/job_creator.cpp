#include "gateway/job_creator.hpp"

#include "async/event.hpp"
#include "gateway/reply.hpp"
#include "gateway/wording.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

/// A refusal that another try may turn into a yes: a wrong token is the operator's to mend, and the message
/// waits for that.
bool worth_another_try(const api::CallError& error) {
  return error.kind == api::CallError::Kind::unreachable || error.status == 401;
}

}  // namespace

asio::awaitable<bool> JobCreator::step(Lane lane) {
  const auto turn = store_.first_stored_turn(lane);
  if (!turn) co_return false;
  if (!people_.role_of(turn->requester_id)) {
    drop(*turn);
    co_return true;
  }
  begun_.insert(turn->id);
  for (int attempt = 1;; ++attempt) {
    const auto job = co_await orchestrator_.create_job(turn->idempotency_key, turn->body);
    if (job) {
      note(*turn, *job);
      begun_.erase(turn->id);
      const bool known = people_.role_of(turn->requester_id).has_value();
      if (!known) co_await stop(job->id);
      co_return true;
    }
    if (!worth_another_try(job.error())) {
      refuse(*turn, job.error());
      begun_.erase(turn->id);
      co_return true;
    }
    if (attempt == 1) {
      log::warn("turn.waits_for_orchestrator",
                {{"key", turn->idempotency_key}, {"error", job.error().message}});
    }
    const auto wait = domain::retry_delay(backoff_, attempt, process::random_fraction());
    co_await async::sleep_for(wait);
  }
}

bool JobCreator::is_unsent(const Turn& turn) const {
  return turn.state == TurnState::stored && turn.id > last_of_earlier_lives_ && !begun_.contains(turn.id);
}

void JobCreator::drop(const Turn& turn) {
  store_.refuse_turn(turn.id, domain::wall_clock_now());
  log::warn("turn.of_nobody", {{"key", turn.idempotency_key}, {"person", turn.requester_id}});
}

asio::awaitable<void> JobCreator::stop(std::string job_id) {
  const auto stopped = co_await orchestrator_.abort(job_id, {.reason = "of nobody any more"});
  const std::string error = stopped ? "" : stopped.error().message;
  log::warn("job.of_nobody", {{"job", job_id}, {"error", error}});
}

void JobCreator::note(const Turn& turn, const domain::Job& job) {
  // A group that moved meanwhile has its turns in another lane, which may have made the same call.
  if (store_.turn_of_job(job.id)) return;
  const auto now = domain::wall_clock_now();
  store_.unit([&] {
    store_.note_job(turn.id, job.id, now);
    // As it is on disk now: its group may have moved while the orchestrator was asked.
    const Turn noted = store_.turn(turn.id).value_or(turn);
    store_.after_commit([this, noted, job] { on_job_(noted, job); });
    if (job.status == domain::JobStatus::needs_approval) approvals_.ask(noted, job);
  });
  log::info("job.created", {{"job", job.id}, {"chat", turn.lane.chat_id}, {"key", turn.idempotency_key}});
}

void JobCreator::refuse(const Turn& turn, const api::CallError& error) {
  store_.unit([&] {
    store_.refuse_turn(turn.id, domain::wall_clock_now());
    outbox_.queue({.source = "refused:" + turn.idempotency_key,
                   .kind = MessageKind::answer,
                   .to = turn.lane,
                   .payloads = plain_payloads(
                       wording::not_taken(languages_.of_person(turn.requester_id), error.message),
                       reply_target(turn.lane, turn.message_id))});
  });
  log::error("turn.refused", {{"key", turn.idempotency_key},
                              {"status", error.status},
                              {"code", error.code},
                              {"error", error.message}});
}

}  // namespace butler::gateway
