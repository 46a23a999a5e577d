#include "gateway/open_texts.hpp"

#include "api/describe.hpp"
#include "domain/utf8.hpp"
#include "gateway/job_request.hpp"
#include "gateway/reply.hpp"
#include "gateway/wording.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

void OpenTexts::begin(const NewTurn& turn, const OpenText& open, std::int64_t update_id,
                      domain::Timestamp now) {
  const std::int64_t turn_id = store_.add_turn(turn, {update_id}, now);
  store_.put_open_text(turn_id, open);
  store_.after_commit([this] { opened_.notify_all(); });
}

std::optional<AddedContent> OpenTexts::join(const Joining& joining) {
  const auto turn = store_.open_turn(joining.lane, joining.person_id);
  if (!turn) return std::nullopt;
  const OpenText& before = turn->open_text.value();
  TurnContent content{.request = request_of(*turn),
                      .parts = store_.turn_parts(turn->id),
                      .files = store_.turn_files(turn->id)};
  const std::size_t characters = domain::count_code_points(content.request.prompt);
  const Joint how = joint(before, joining.part, characters, rules_);
  if (how == Joint::none) return std::nullopt;
  Contribution one = joining.one;
  one.said.joint = between_messages;
  if (how == Joint::cut) {
    one.said.form = PartForm::rest;
    one.said.joint = joint_after(before.part_units);
    one.said.text = joining.part.text;
  }
  AddedContent added = add(content, std::move(one), files_);
  store_.extend_turn(turn->id, json::serialize(json::encode(content.request)), added.parts,
                     joining.update_id);
  if (!added.files.empty()) store_.add_turn_files(turn->id, added.files);
  const OpenText open = extended(before, joining.part, turn->created_at, rules_);
  store_.put_open_text(turn->id, open);
  if (open.due_at <= joining.part.now) complete(joining.lane, joining.person_id, joining.part.now);
  return added;
}

void OpenTexts::complete(Lane lane, std::int64_t person_id, domain::Timestamp now) {
  const auto turn = store_.open_turn(lane, person_id);
  if (turn) complete(*turn, now);
}

void OpenTexts::complete(const Turn& turn, domain::Timestamp now) {
  const std::size_t characters = domain::count_code_points(request_of(turn).prompt);
  store_.end_open_text(turn.id, now);
  log::info(
      "turn.text_complete",
      {{"key", turn.idempotency_key}, {"parts", turn.open_text.value().parts}, {"characters", characters}});
  if (characters > rules_.most_characters && !became_a_file(turn)) refuse(turn, characters, now);
  store_.after_commit([this, lane = turn.lane] { completed_(lane); });
}

bool OpenTexts::became_a_file(const Turn& turn) {
  TurnContent content{
      .request = request_of(turn), .parts = store_.turn_parts(turn.id), .files = store_.turn_files(turn.id)};
  if (content.parts.empty()) return false;  // it was begun by a version that kept none
  const auto file = shorten(content, rules_.most_characters, files_);
  if (!file) return false;
  // Its messages stay what they are: the file is made of them.
  store_.change_turn(turn.id, json::serialize(json::encode(content.request)), content.parts.front());
  store_.add_turn_files(turn.id, {*file});
  return true;
}

void OpenTexts::refuse(const Turn& turn, std::size_t characters, domain::Timestamp now) {
  store_.refuse_turn(turn.id, now);
  outbox_.queue({.source = "refused:" + turn.idempotency_key,
                 .kind = MessageKind::answer,
                 .to = turn.lane,
                 .payloads = plain_payloads(wording::prompt_too_long(languages_.of_person(turn.requester_id),
                                                                     characters, rules_.most_characters),
                                            reply_target(turn.lane, turn.message_id))});
}

asio::awaitable<void> OpenTexts::run() {
  for (;;) {
    const auto next = store_.next_open_turn();
    if (!next) {
      co_await opened_.wait();
      continue;
    }
    const auto now = domain::wall_clock_now();
    const auto due = next->open_text.value().due_at;
    if (due > now) {
      // Another one may be opened meanwhile that is due sooner.
      const auto at = std::chrono::steady_clock::now() + (due - now);
      co_await opened_.wait_until(at);
      continue;
    }
    store_.unit([&] { complete(*next, now); });
  }
}

}  // namespace butler::gateway
