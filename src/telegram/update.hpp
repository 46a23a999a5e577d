#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telegram/media.hpp"

/// What we read of the Bot API's Update objects. Tolerant: all that we do not know is ignored.
namespace butler::telegram {

enum class ChatType : std::uint8_t { private_chat, group, supergroup, channel, unknown };

/// A person or a bot, as a message's `from` shows it.
struct Person {
  std::int64_t id = 0;
  bool is_bot = false;
  std::string username = {};
  std::string first_name = {};
  std::string language_code = {};  ///< IETF, "de-AT"; "" when Telegram does not tell
};

/// What a message carries beside its text.
enum class Content : std::uint8_t {
  text,
  media,    ///< a photo, a voice message, a file…: something that was said without text
  service,  ///< somebody joined, a message was pinned…: nothing that was said
};

/// A stretch of a text that Telegram has marked. Offset and length count UTF-16 units; they can be wrong.
struct Entity {
  std::string type = {};  ///< "mention", "text_mention", "bot_command"…
  std::int64_t offset = 0;
  std::int64_t length = 0;
  std::int64_t user_id = 0;  ///< whom a text_mention means
};

/// The message that another one replies to.
struct RepliedMessage {
  std::int64_t message_id = 0;
  std::optional<Person> from = {};
  std::string text = {};  ///< or its caption
  Content content = Content::text;
};

struct Message {
  std::int64_t message_id = 0;
  std::int64_t date = 0;  ///< Unix time, seconds
  std::int64_t chat_id = 0;
  ChatType chat_type = ChatType::unknown;
  /// The topic. A reply thread of a group without topics is none, and neither is the General topic.
  std::optional<std::int64_t> thread_id = {};
  std::optional<Person> from = {};
  std::string text = {};
  Content content = Content::text;
  std::string caption = {};           ///< what stands under a media message
  std::vector<Entity> entities = {};  ///< of the text, or of the caption
  std::optional<RepliedMessage> reply_to = {};
  std::string quote = {};  ///< the part of the replied message that the person picked
  std::optional<Media> media = {};
  std::optional<Location> location = {};
  std::optional<Contact> contact = {};
  std::string media_group_id = {};  ///< the same for all messages of an album, "" for others

  // Where `from` is not the one who speaks to us here and now.
  bool sender_chat = false;        ///< an anonymous admin, or a channel
  bool via_bot = false;            ///< written by an inline bot
  bool foreign_chat = false;       ///< a guest or business message: its chat id may clash with a real one
  bool automatic_forward = false;  ///< a channel's post in its discussion group
  bool forwarded = false;          ///< somebody else's words

  // Of the service message that tells of a group's move; 0 for others.
  std::int64_t migrate_to_chat_id = 0;    ///< the chat became this supergroup
  std::int64_t migrate_from_chat_id = 0;  ///< the chat was this group before
};

/// Of a my_chat_member update: what we are in a chat now.
struct Membership {
  std::int64_t chat_id = 0;
  bool may_write = false;  ///< false when we were blocked, kicked or restricted, or have left
};

/// Of a stopped_message_generation update: the person pressed Stop under a draft of ours.
struct StoppedDraft {
  std::int64_t chat_id = 0;
  ChatType chat_type = ChatType::unknown;
  std::optional<std::int64_t> thread_id = {};
  std::int64_t draft_id = 0;
};

/// Somebody pressed a button under a message of ours.
struct CallbackQuery {
  std::string id = {};
  std::optional<Person> from = {};
  std::string data = {};  ///< the button's callback_data; "" when there is none
  /// The message with the button, or what is known of it; unset for one that was sent by inline mode.
  std::optional<Message> message = {};
  bool accessible = true;  ///< false: of the message nothing but its chat and id is known
};

struct Update {
  std::int64_t update_id = 0;
  std::string kind = {};  ///< "message", "edited_message", "callback_query"…; "" for an empty one
  std::optional<Message> message = {};         ///< only for the kind "message"
  std::optional<Message> edited = {};          ///< only for the kind "edited_message": the whole as it is now
  std::optional<Membership> membership = {};   ///< only for the kind "my_chat_member"
  std::optional<CallbackQuery> callback = {};  ///< only for the kind "callback_query"
  std::optional<StoppedDraft> stopped = {};    ///< only for the kind "stopped_message_generation"
};

/// Reads one update. The error is a sentence for the log.
std::expected<Update, std::string> decode_update(std::string_view json_text);

}  // namespace butler::telegram
