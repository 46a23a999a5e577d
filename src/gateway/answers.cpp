#include "gateway/answers.hpp"

#include <charconv>

#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/job_id.hpp"
#include "gateway/keyboards.hpp"
#include "gateway/replacement.hpp"
#include "gateway/reply.hpp"
#include "gateway/wording.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace {

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Where a job came from, when we have no turn of it (its creation was never noted).
std::optional<Lane> lane_of(const domain::Job& job) {
  const auto chat_id = number(job.chat_id);
  if (!chat_id) return std::nullopt;
  Lane lane{.chat_id = *chat_id};
  if (job.thread_id) lane.thread_id = number(*job.thread_id);
  return lane;
}

Keyboard keyboard_under(wording::Language language, const domain::Job& job) {
  return job.status == domain::JobStatus::failed ? failure_keyboard(language, job.id) : Keyboard{};
}

Audience outlives_the_job() { return {.expires_at = domain::wall_clock_now() + failure_keyboard_kept}; }

std::vector<std::string> payloads_of(wording::Language language, const domain::Job& job,
                                     const std::optional<Turn>& turn, Lane lane) {
  const auto reply_to = turn ? reply_target(lane, turn->message_id) : std::nullopt;
  return answer_payloads(language, job, turn && turn->denied, reply_to);
}

MessageKind kind_of(const domain::Job& job) {
  return job.status == domain::JobStatus::failed ? MessageKind::failure : MessageKind::answer;
}

}  // namespace

void Answers::put(const domain::Job& job) {
  const auto turn = store_.turn_of_job(job.id);
  const auto lane = turn ? turn->lane : lane_of(job);
  if (!lane) {
    log::error("delivery.without_chat", {{"job", job.id}, {"chat", job.chat_id}});
    return;
  }
  show_job_decision(buttons_, store_, job);
  buttons_.job_ended(job.id);
  if (was_replaced(job)) return forget(job);
  const auto language = turn ? languages_.of_person(turn->requester_id) : languages_.of_lane(*lane);
  const bool allowed = may_be_answered(job);
  store_.withdraw_notices(job.id);
  const bool added =
      queue_with_keyboard(outbox_, buttons_,
                          {.source = job.id,
                           .kind = kind_of(job),
                           .to = *lane,
                           .payloads = allowed ? payloads_of(language, job, turn, *lane)
                                               : plain_payloads(wording::answer_withheld(language))},
                          allowed ? keyboard_under(language, job) : Keyboard{}, outlives_the_job());
  store_.answer_turn(job.id, domain::wall_clock_now());
  if (added && allowed && job.started_at) store_.add_file_check({.job_id = job.id, .lane = *lane});
  if (notices_.lifecycle) note_end(job, *lane, language);
  store_.after_commit([this, job_id = job.id] { on_answered_(job_id); });
  log::info("delivery.taken", {{"job", job.id},
                               {"chat", lane->chat_id},
                               {"status", domain::enum_name(job.status)},
                               {"withheld", !allowed},
                               {"again", !added}});
}

/// Its person has changed the request, and knows: another job answers it.
void Answers::forget(const domain::Job& job) {
  store_.withdraw_notices(job.id);
  buttons_.job_ended(job.id);
  store_.answer_turn(job.id, domain::wall_clock_now());
  store_.after_commit([this, job_id = job.id] { on_answered_(job_id); });
}

/// The one who asked may have been unpaired, or taken out of the configuration, while the job ran.
bool Answers::may_be_answered(const domain::Job& job) const {
  if (!job.result_text || job.result_text->empty()) return true;  // nothing of the agent's to keep back
  const auto requester = number(job.requester_id);
  return requester && people_.role_of(*requester);
}

void Answers::note_end(const domain::Job& job, Lane lane, wording::Language language) {
  if (job.status != domain::JobStatus::completed) return;  // the answer says so itself
  const auto ended = job.finished_at.value_or(job.updated_at);
  const auto took = ended - job.started_at.value_or(ended);
  outbox_.queue(
      {.source = "finished:" + job.id,
       .kind = MessageKind::notice,
       .to = lane,
       .payloads = quiet_payloads(wording::job_finished(language, domain::short_job_id(job.id), took))});
}

}  // namespace butler::gateway
