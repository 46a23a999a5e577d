#include "gateway/steering.hpp"

namespace butler::gateway {

namespace {

std::optional<Turn> turn_meant(GatewayStore& store, const telegram::Message& message, std::int64_t bot_id) {
  const telegram::RepliedMessage& replied = *message.reply_to;
  if (!replied.from || replied.content == telegram::Content::service) return std::nullopt;
  if (replied.from->id != bot_id) {
    return store.turn_of_message(message.chat_id, replied.message_id, replied.from->id);
  }
  if (const auto live = store.live_of_message(message.chat_id, replied.message_id)) {
    return store.turn_of_job(live->job_id);
  }
  const auto job_id = store.job_told_in(message.chat_id, replied.message_id);
  return job_id ? store.turn_of_job(*job_id) : std::nullopt;
}

}  // namespace

std::optional<std::string> job_replied_to(GatewayStore& store, const telegram::Message& message,
                                          std::int64_t bot_id, domain::Role role) {
  if (!message.reply_to || !message.from) return std::nullopt;
  const auto turn = turn_meant(store, message, bot_id);
  if (!turn || turn->state != TurnState::created || turn->kind != domain::JobKind::task) return std::nullopt;
  const bool same_place = turn->lane == Lane{.chat_id = message.chat_id, .thread_id = message.thread_id};
  const bool may = role == domain::Role::owner || turn->requester_id == message.from->id;
  return same_place && may ? turn->job_id : std::nullopt;
}

}  // namespace butler::gateway
