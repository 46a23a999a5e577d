#include "telegram/update.hpp"

#include <algorithm>
#include <array>

#include "json/value.hpp"

namespace butler::telegram {

namespace {

constexpr std::array<std::string_view, 19> media_members{
    "animation", "audio", "document", "live_photo", "paid_media",  "photo",   "sticker",
    "story",     "video", "voice",    "video_note", "checklist",   "contact", "dice",
    "game",      "poll",  "venue",    "location",   "rich_message"};

bool has(const json::Value& value, std::string_view member) {
  const json::Value* found = json::find(value, member);
  return found != nullptr && !found->is_null();
}

ChatType chat_type(std::string_view name) {
  if (name == "private") return ChatType::private_chat;
  if (name == "group") return ChatType::group;
  if (name == "supergroup") return ChatType::supergroup;
  if (name == "channel") return ChatType::channel;
  return ChatType::unknown;
}

std::optional<Person> person(const json::Value* value) {
  if (value == nullptr || json::find_integer(*value, "id") == 0) return std::nullopt;
  return Person{.id = json::find_integer(*value, "id"),
                .is_bot = json::find_true(*value, "is_bot"),
                .username = std::string{json::find_string(*value, "username")},
                .first_name = std::string{json::find_string(*value, "first_name")},
                .language_code = std::string{json::find_string(*value, "language_code")}};
}

Content content(const json::Value& message) {
  if (has(message, "text")) return Content::text;
  const bool media = std::ranges::any_of(media_members, [&](auto member) { return has(message, member); });
  return media ? Content::media : Content::service;
}

std::optional<std::int64_t> topic(const json::Value& message, ChatType type) {
  constexpr std::int64_t general = 1;  // the chat itself: sends must not name it
  const auto thread = json::find_integer(message, "message_thread_id");
  if (thread == 0 || !json::find_true(message, "is_topic_message")) return std::nullopt;
  if (thread == general && type != ChatType::private_chat) return std::nullopt;
  return thread;
}

std::vector<Entity> entities(const json::Value& message) {
  const json::Value* list = json::find(message, has(message, "text") ? "entities" : "caption_entities");
  std::vector<Entity> found;
  if (list == nullptr || !list->is_array()) return found;
  for (const json::Value& item : list->get_array()) {
    const json::Value* user = json::find(item, "user");
    found.push_back({.type = std::string{json::find_string(item, "type")},
                     .offset = json::find_integer(item, "offset"),
                     .length = json::find_integer(item, "length"),
                     .user_id = user == nullptr ? 0 : json::find_integer(*user, "id")});
  }
  return found;
}

std::optional<RepliedMessage> replied(const json::Value* value) {
  if (value == nullptr || json::find_integer(*value, "message_id") == 0) return std::nullopt;
  const auto text = json::find_string(*value, has(*value, "text") ? "text" : "caption");
  return RepliedMessage{.message_id = json::find_integer(*value, "message_id"),
                        .from = person(json::find(*value, "from")),
                        .text = std::string{text},
                        .content = content(*value)};
}

std::string quote(const json::Value& message) {
  const json::Value* picked = json::find(message, "quote");
  return picked == nullptr ? std::string{} : std::string{json::find_string(*picked, "text")};
}

std::expected<Message, std::string> decode_message(const json::Value& value) {
  const json::Value* chat = json::find(value, "chat");
  const ChatType type = chat == nullptr ? ChatType::unknown : chat_type(json::find_string(*chat, "type"));
  Message message{.message_id = json::find_integer(value, "message_id"),
                  .date = json::find_integer(value, "date"),
                  .chat_id = chat == nullptr ? 0 : json::find_integer(*chat, "id"),
                  .chat_type = type,
                  .thread_id = topic(value, type),
                  .from = person(json::find(value, "from")),
                  .text = std::string{json::find_string(value, "text")},
                  .content = content(value),
                  .caption = std::string{json::find_string(value, "caption")},
                  .entities = entities(value),
                  .reply_to = replied(json::find(value, "reply_to_message")),
                  .quote = quote(value),
                  .media = decode_media(value),
                  .location = decode_location(value),
                  .contact = decode_contact(value),
                  .media_group_id = std::string{json::find_string(value, "media_group_id")},
                  .sender_chat = has(value, "sender_chat"),
                  .via_bot = has(value, "via_bot"),
                  .foreign_chat = has(value, "guest_query_id") || has(value, "business_connection_id"),
                  .automatic_forward = json::find_true(value, "is_automatic_forward"),
                  .forwarded = has(value, "forward_origin"),
                  .migrate_to_chat_id = json::find_integer(value, "migrate_to_chat_id"),
                  .migrate_from_chat_id = json::find_integer(value, "migrate_from_chat_id")};
  if (message.message_id == 0 || message.chat_id == 0) {
    return std::unexpected("a message without message_id or chat");
  }
  return message;
}

std::expected<Membership, std::string> decode_membership(const json::Value& value) {
  const json::Value* chat = json::find(value, "chat");
  const json::Value* member = json::find(value, "new_chat_member");
  if (chat == nullptr || member == nullptr || json::find_integer(*chat, "id") == 0) {
    return std::unexpected("a my_chat_member without chat or new_chat_member");
  }
  const std::string_view status = json::find_string(*member, "status");
  const bool may_write = status == "member" || status == "administrator" || status == "creator" ||
                         (status == "restricted" && json::find_true(*member, "can_send_messages"));
  return Membership{.chat_id = json::find_integer(*chat, "id"), .may_write = may_write};
}

std::expected<StoppedDraft, std::string> decode_stopped(const json::Value& value) {
  const json::Value* chat = json::find(value, "chat");
  StoppedDraft stopped{.draft_id = json::find_integer(value, "draft_id")};
  if (chat != nullptr) {
    stopped.chat_id = json::find_integer(*chat, "id");
    stopped.chat_type = chat_type(json::find_string(*chat, "type"));
  }
  if (const auto thread = json::find_integer(value, "message_thread_id"); thread != 0) {
    stopped.thread_id = thread;
  }
  if (stopped.chat_id == 0 || stopped.draft_id == 0) {
    return std::unexpected("a stopped_message_generation without chat or draft_id");
  }
  return stopped;
}

std::expected<CallbackQuery, std::string> decode_callback(const json::Value& value) {
  CallbackQuery callback{.id = std::string{json::find_string(value, "id")},
                         .from = person(json::find(value, "from")),
                         .data = std::string{json::find_string(value, "data")}};
  if (callback.id.empty()) return std::unexpected("a callback_query without an id");
  const json::Value* carrier = json::find(value, "message");
  if (carrier == nullptr || carrier->is_null()) return callback;
  auto message = decode_message(*carrier);
  if (!message) return std::unexpected(message.error());
  callback.accessible = message->date != 0;  // 0 marks an InaccessibleMessage
  callback.message = *std::move(message);
  return callback;
}

}  // namespace

std::expected<Update, std::string> decode_update(std::string_view json_text) {
  const auto value = json::parse_tolerant(json_text);
  if (!value) return std::unexpected(value.error());
  const auto* object = value->if_object();
  if (object == nullptr) return std::unexpected("an update that is no object");

  Update update{.update_id = json::find_integer(*value, "update_id")};
  for (const auto& member : *object) {
    if (member.key() == "update_id") continue;
    update.kind = std::string{std::string_view{member.key()}};
    if (update.kind == "message" || update.kind == "edited_message") {
      auto message = decode_message(member.value());
      if (!message) return std::unexpected(message.error());
      (update.kind == "message" ? update.message : update.edited) = std::move(*message);
    } else if (update.kind == "my_chat_member") {
      auto membership = decode_membership(member.value());
      if (!membership) return std::unexpected(membership.error());
      update.membership = *membership;
    } else if (update.kind == "stopped_message_generation") {
      auto stopped = decode_stopped(member.value());
      if (!stopped) return std::unexpected(stopped.error());
      update.stopped = *stopped;
    } else if (update.kind == "callback_query") {
      auto callback = decode_callback(member.value());
      if (!callback) return std::unexpected(callback.error());
      update.callback = *std::move(callback);
    }
    break;  // at most one optional member is present, Telegram says
  }
  return update;
}

}  // namespace butler::telegram
