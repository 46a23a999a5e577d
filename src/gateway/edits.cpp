#include "gateway/edits.hpp"

#include <algorithm>
#include <utility>

#include "async/event.hpp"
#include "domain/job_id.hpp"
#include "domain/utf8.hpp"
#include "gateway/job_request.hpp"
#include "gateway/reply.hpp"
#include "gateway/turn_content.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_turns.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

TurnPart* part_of(std::vector<TurnPart>& parts, std::int64_t message_id) {
  const auto found = std::ranges::find(parts, message_id, &TurnPart::message_id);
  return found == parts.end() ? nullptr : &*found;
}

/// The turn's messages as its edits, which wait, will make them.
std::vector<TurnPart> parts_with(std::vector<TurnPart> parts, const std::vector<Edit>& edits) {
  for (const Edit& edit : edits) {
    TurnPart* part = part_of(parts, edit.message_id);
    if (part != nullptr) part->text = edit.text;
  }
  return parts;
}

}  // namespace

void Edits::take(const telegram::Message& edited, std::int64_t update_id) {
  const auto turn = store_.turn_of_message(edited.chat_id, edited.message_id, edited.from.value().id);
  if (!turn || turn->state == TurnState::refused) return drop(update_id, "an edit of no request that waits");
  const auto edits = store_.edits_of(turn->id);
  auto parts = parts_with(store_.turn_parts(turn->id), edits);
  TurnPart* part = part_of(parts, edited.message_id);
  if (part == nullptr) return drop(update_id, "an edit of no request that waits");
  const auto text = edited_text(*part, edited, bot_, prompt_max_chars_);
  if (text && *text == part->text) return drop(update_id, "an edit that changes no word");
  store_.end_update(update_id, InboxState::done, "");
  const auto language = languages_.of(*edited.from);
  const auto say_so = [&](const std::string& words) { say(*turn, edited.message_id, update_id, words); };
  // An edit that is under way has ended the job itself: another turn will be there.
  if (turn->state == TurnState::answered && edits.empty()) return say_so(wording::edit_over(language));
  if (!text) return say_so(wording::edit_refused(language, text.error()));
  part->text = *text;
  const std::size_t characters = domain::count_code_points(prompt_of(parts));
  if (characters > prompt_max_chars_) {
    return say_so(wording::prompt_too_long(language, characters, prompt_max_chars_));
  }
  if (turn->state == TurnState::stored && (turn->open_text || signals_.is_unsent(*turn))) {
    return change(*turn, *part, update_id);
  }
  store_.put_edit(
      {.turn_id = turn->id, .message_id = edited.message_id, .update_id = update_id, .text = *text});
  log::info("edit.kept", {{"key", turn->idempotency_key}, {"update", update_id}});
  store_.after_commit([this, lane = turn->lane] { signals_.edit_kept(lane); });
}

void Edits::change(const Turn& turn, const TurnPart& part, std::int64_t update_id) {
  auto parts = store_.turn_parts(turn.id);
  *part_of(parts, part.message_id) = part;
  std::string prompt = prompt_of(parts, store_.turn_files(turn.id));
  store_.change_turn(turn.id, body_with_prompt(turn, std::move(prompt)), part);
  say(turn, part.message_id, update_id, wording::edit_taken(languages_.of_person(turn.requester_id)));
  log::info("turn.changed", {{"key", turn.idempotency_key}, {"update", update_id}});
}

asio::awaitable<bool> Edits::step(Lane lane) {
  const auto edit = store_.first_edit(lane);
  if (!edit) co_return false;
  const auto turn = store_.turn(edit->turn_id);
  if (!turn || !turn->job_id || !people_.role_of(turn->requester_id)) {
    store_.remove_edit(edit->id);
    co_return true;
  }
  const Replacement replacement = co_await take_back(*turn->job_id, turn->requester_id);
  settle(*turn, *edit, replacement);
  co_return true;
}

/// Until there is an answer. Each try may be the first that is heard of, or one of many.
asio::awaitable<Replacement> Edits::take_back(std::string job_id, std::int64_t person_id) {
  for (int attempt = 1;; ++attempt) {
    const auto replacement = co_await try_to_take_back(job_id, person_id);
    if (replacement && *replacement != Replacement::ask_again) co_return *replacement;
    if (!replacement && attempt == 1) {
      log::warn("edit.waits_for_orchestrator", {{"job", job_id}, {"error", replacement.error().message}});
    }
    const auto wait = domain::retry_delay(backoff_, attempt, process::random_fraction());
    co_await async::sleep_for(wait);
  }
}

asio::awaitable<std::expected<Replacement, api::CallError>> Edits::try_to_take_back(std::string job_id,
                                                                                    std::int64_t person_id) {
  api::AbortRequest request{.reason = std::string{replaced_reason},
                            .requester_id = std::to_string(person_id),
                            .if_status = domain::JobStatus::queued};
  const auto stopped = co_await orchestrator_.abort(job_id, std::move(request));
  if (stopped) co_return replacement_of(*stopped);
  if (stopped.error().status == 404) co_return Replacement::over;
  if (stopped.error().status != 409) co_return std::unexpected(stopped.error());
  const auto job = co_await orchestrator_.get_job(job_id);
  if (job) co_return replacement_of(*job);
  if (job.error().status == 404) co_return Replacement::over;
  co_return std::unexpected(job.error());
}

void Edits::settle(const Turn& turn, const Edit& edit, Replacement replacement) {
  const std::string job_id = turn.job_id.value_or("");
  const auto language = languages_.of_person(turn.requester_id);
  store_.unit([&] {
    // What came meanwhile for the same message takes the edit's place: it is a row of its own, and comes
    // next.
    store_.remove_edit(edit.id);
    if (replacement == Replacement::done) return replace(turn, edit, domain::wall_clock_now());
    const std::string words = replacement == Replacement::too_late
                                  ? wording::edit_too_late(language, domain::short_job_id(job_id))
                                  : wording::edit_over(language);
    say(turn, edit.message_id, edit.update_id, words);
  });
  log::info("edit.settled",
            {{"job", job_id}, {"update", edit.update_id}, {"replaced", replacement == Replacement::done}});
}

/// The place in the order is that of a new job: behind what was asked for meanwhile. Then it is told anew.
void Edits::replace(const Turn& turn, const Edit& edit, domain::Timestamp now) {
  auto parts = store_.turn_parts(turn.id);
  TurnPart* part = part_of(parts, edit.message_id);
  if (part != nullptr) part->text = edit.text;
  std::string prompt = prompt_of(parts, store_.turn_files(turn.id));
  const NewTurn next{
      .idempotency_key = "tg:" + std::to_string(bot_.id) + ":" + std::to_string(edit.update_id),
      .lane = turn.lane,
      .requester_id = turn.requester_id,
      .message_id = turn.message_id,
      .kind = turn.kind,
      .body = body_with_prompt(turn, std::move(prompt))};
  const bool place_is_kept = !store_.has_turns_behind(turn);
  const std::int64_t turn_id = store_.replace_turn(turn.id, next, now);
  if (part != nullptr) store_.change_turn(turn_id, next.body, *part);
  if (turn.told_state && place_is_kept) store_.set_told_state(turn_id);
  say(turn, edit.message_id, edit.update_id, wording::edit_taken(languages_.of_person(turn.requester_id)));
  store_.after_commit([this, lane = turn.lane] { signals_.turn_stored(lane); });
}

void Edits::say(const Turn& turn, std::int64_t message_id, std::int64_t update_id, const std::string& text) {
  outbox_.queue({.source = "edit:" + std::to_string(bot_.id) + ":" + std::to_string(update_id),
                 .kind = MessageKind::answer,
                 .to = turn.lane,
                 .payloads = quiet_payloads(text, reply_target(turn.lane, message_id))});
}

void Edits::drop(std::int64_t update_id, std::string_view why) {
  store_.end_update(update_id, InboxState::dropped, why);
  log::info("update.dropped", {{"update", update_id}, {"why", why}});
}

}  // namespace butler::gateway
