#include "gateway/open_texts.hpp"

#include <stdexcept>

#include "api/describe.hpp"
#include "domain/utf8.hpp"
#include "gateway/reply.hpp"
#include "gateway/wording.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

api::CreateJobRequest request_of(const Turn& turn) {
  const auto value = json::parse(turn.body);
  auto request =
      value ? json::decode<api::CreateJobRequest>(*value) : std::unexpected(std::vector<json::Problem>{});
  if (!request) throw std::logic_error("gateway.db: the body of a turn cannot be read again");
  return *std::move(request);
}

}  // namespace

void OpenTexts::begin(const NewTurn& turn, const TextPart& part, std::int64_t update_id) {
  const std::int64_t turn_id = store_.add_turn(turn, {update_id}, part.now);
  store_.put_open_text(turn_id, open_text(part, rules_).value());
  store_.after_commit([this] { opened_.notify_all(); });
}

bool OpenTexts::join(Lane lane, std::int64_t person_id, const TextPart& part, std::int64_t update_id) {
  const auto turn = store_.open_turn(lane, person_id);
  if (!turn || !continues(turn->open_text.value(), part, rules_)) return false;
  const OpenText open = extended(*turn->open_text, part, turn->created_at, rules_);
  auto request = request_of(*turn);
  request.prompt.append(joint_after(turn->open_text->part_units)).append(part.text);
  store_.extend_turn(turn->id, json::serialize(json::encode(request)), update_id);
  store_.put_open_text(turn->id, open);
  if (open.due_at <= part.now) complete(lane, person_id, part.now);
  return true;
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
  if (characters > most_characters_) {
    store_.refuse_turn(turn.id, now);
    outbox_.queue({.source = "refused:" + turn.idempotency_key,
                   .kind = MessageKind::answer,
                   .to = turn.lane,
                   .payloads = plain_payloads(wording::prompt_too_long(characters, most_characters_),
                                              reply_target(turn.lane, turn.message_id))});
  }
  store_.after_commit([this, lane = turn.lane] { completed_(lane); });
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
      co_await async::sleep_for(due - now);
      continue;
    }
    store_.unit([&] { complete(*next, now); });
  }
}

}  // namespace butler::gateway
