#include "gateway/answers.hpp"

#include <charconv>

#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "gateway/reply.hpp"
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

}  // namespace

void Answers::put(const domain::Job& job) {
  const auto turn = store_.turn_of_job(job.id);
  const auto lane = turn ? turn->lane : lane_of(job);
  if (!lane) {
    log::error("delivery.without_chat", {{"job", job.id}, {"chat", job.chat_id}});
    return;
  }
  const auto reply_to = turn ? reply_target(*lane, turn->message_id) : std::nullopt;
  const bool added = outbox_.queue({.source = job.id,
                                    .kind = MessageKind::answer,
                                    .to = *lane,
                                    .payloads = payloads(reply_to_job(job, turn && turn->denied), reply_to)});
  store_.answer_turn(job.id, domain::wall_clock_now());
  log::info("delivery.taken", {{"job", job.id},
                               {"chat", lane->chat_id},
                               {"status", domain::enum_name(job.status)},
                               {"again", !added}});
}

}  // namespace butler::gateway
