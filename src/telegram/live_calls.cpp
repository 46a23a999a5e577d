#include "telegram/bot_api.hpp"

namespace butler::telegram {

namespace {

/// What is shown while a job runs is of no use when it is late.
constexpr std::chrono::seconds live_timeout{10};
constexpr std::int64_t general_topic_of_live = 1;

bool says(const ApiError& error, std::string_view words) {
  return error.error_code == 400 && error.description.find(words) != std::string::npos;
}

}  // namespace

json::Object draft_payload(const std::string& text, json::Array entities) {
  json::Object payload{{"text", text}, {"can_stop", true}, {"keep_on_stop", true}};
  if (!entities.empty()) payload["entities"] = std::move(entities);
  return payload;
}

ApiCall<void> BotApi::send_draft(std::int64_t chat_id, std::optional<std::int64_t> thread_id,
                                 std::int64_t draft_id, json::Object payload) {
  payload["chat_id"] = chat_id;
  payload["draft_id"] = draft_id;
  if (thread_id && *thread_id != general_topic_of_live) payload["message_thread_id"] = *thread_id;
  auto result = co_await call("sendMessageDraft", std::move(payload), live_timeout);
  if (!result) co_return std::unexpected(std::move(result.error()));
  co_return std::expected<void, ApiError>{};
}

ApiCall<void> BotApi::edit_text(std::int64_t chat_id, std::int64_t message_id, json::Object payload) {
  payload["chat_id"] = chat_id;
  payload["message_id"] = message_id;
  auto result = co_await call("editMessageText", std::move(payload), live_timeout);
  if (!result && !says(result.error(), "message is not modified")) {
    co_return std::unexpected(std::move(result.error()));
  }
  co_return std::expected<void, ApiError>{};
}

ApiCall<void> BotApi::delete_message(std::int64_t chat_id, std::int64_t message_id) {
  json::Object parameters{{"chat_id", chat_id}, {"message_id", message_id}};
  auto result = co_await call("deleteMessage", std::move(parameters), live_timeout);
  if (!result && !says(result.error(), "message to delete not found")) {
    co_return std::unexpected(std::move(result.error()));
  }
  co_return std::expected<void, ApiError>{};
}

ApiCall<void> BotApi::set_reaction(std::int64_t chat_id, std::int64_t message_id, std::string emoji) {
  json::Array reaction;
  if (!emoji.empty()) {
    reaction.push_back(json::Object{{"type", "emoji"}, {"emoji", std::move(emoji)}});
  }
  json::Object parameters{
      {"chat_id", chat_id}, {"message_id", message_id}, {"reaction", std::move(reaction)}};
  auto result = co_await call("setMessageReaction", std::move(parameters), live_timeout);
  if (!result) co_return std::unexpected(std::move(result.error()));
  co_return std::expected<void, ApiError>{};
}

}  // namespace butler::telegram
