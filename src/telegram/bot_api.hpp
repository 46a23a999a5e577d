#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "config/secret.hpp"
#include "http/client.hpp"
#include "json/value.hpp"
#include "telegram/command_scope.hpp"
#include "telegram/multipart.hpp"
#include "telegram/upload.hpp"
#include "telegram/webhook.hpp"

/// The Telegram Bot API, from the side of a bot.
namespace butler::telegram {

/// Why a call gave no result.
struct ApiError {
  enum class Kind : std::uint8_t {
    refused,   ///< the Bot API said no, in its own JSON
    not_sent,  ///< provably nothing reached it
    unknown,   ///< no answer, or none that can be read: the call may have taken effect
  };
  Kind kind = Kind::unknown;
  int error_code = 0;  ///< when refused; else the HTTP status, if there was one
  std::string
      description;  ///< Telegram's own words, or what happened to the connection; never holds the token
  std::optional<std::chrono::seconds> retry_after = {};
  std::optional<std::int64_t> migrate_to_chat_id = {};

  /// True when the token, or the address, is wrong: 401 and 404. No call will do better.
  bool token_refused() const { return kind == Kind::refused && (error_code == 401 || error_code == 404); }
  /// "429 Too Many Requests: retry after 5", for logs.
  std::string describe() const;
};

template <class T>
using ApiCall = boost::asio::awaitable<std::expected<T, ApiError>>;

/// Who we are.
struct Bot {
  std::int64_t id = 0;
  std::string username = {};
  bool has_topics = false;  ///< threaded mode: private chats with it have topics
};

/// A file at the Bot API server.
struct RemoteFile {
  std::string path = {};  ///< of its link; absolute when a local server has it on its disk
  std::int64_t size = 0;  ///< bytes, 0 when not told
};

struct BotCommand {
  std::string command;
  std::string description;

  bool operator==(const BotCommand&) const = default;
};

/// Reads an HTTP response of the Bot API: the result, or the error that it tells. Pure.
std::expected<json::Value, ApiError> read_answer(const http::Response& response);

/// The updates of a getUpdates result. What has no update_id is left out and counted.
struct UpdateBatch {
  std::vector<RawUpdate> updates;
  std::size_t unreadable = 0;
};
UpdateBatch read_updates(const json::Value& result);

/// A sendMessage body without the chat: text and entities, never a parse mode; no link preview; a reply that
/// is sent also when the message it answers is gone.
json::Object message_payload(const std::string& text, json::Array entities,
                             std::optional<std::int64_t> reply_to);

/// A sendMessageDraft body without the chat and the draft's id; "" shows "Thinking…".
json::Object draft_payload(const std::string& text, json::Array entities);

/// A sendDocument body without the chat, in a form that can be stored: the file's text is part of it, as the
/// member "document" {file_name, content}.
json::Object document_payload(const std::string& file_name, const std::string& content,
                              const std::string& caption);
/// True for a document_payload().
bool is_document(const json::Object& payload);

/// Calls of the Bot API at any root (api.telegram.org, a local server, a simulator). Each call is one
/// request, without retries. Polls have a kept connection of their own, so that no call waits behind one. One
/// thread.
class BotApi {
 public:
  BotApi(const boost::asio::any_io_executor& executor, http::Url root, config::Secret token);

  ApiCall<Bot> get_me();
  /// Waits up to `timeout` for updates from `offset` on (0: from the oldest). A higher offset than an
  /// update's id confirms it: Telegram forgets it. Fails without an answer within `patience`.
  ApiCall<UpdateBatch> get_updates(std::int64_t offset, std::chrono::seconds timeout,
                                   std::chrono::milliseconds patience);
  /// The next poll opens a connection anew: name, address and TLS.
  void reconnect_polling();
  ApiCall<WebhookState> get_webhook_info();
  /// From now on Telegram delivers updates there, also those that wait; an open poll ends.
  ApiCall<void> set_webhook(WebhookRequest wanted);
  /// Updates come by getUpdates again; those that wait are kept.
  ApiCall<void> delete_webhook();
  /// Sets the menu of commands of a scope, or takes it away.
  ApiCall<void> set_my_commands(CommandScope scope, std::vector<BotCommand> commands);
  ApiCall<void> delete_my_commands(CommandScope scope);
  /// Sends a message_payload() or a document_payload(); the result is the message's id.
  ApiCall<std::int64_t> send(std::int64_t chat_id, std::optional<std::int64_t> thread_id,
                             json::Object payload);
  /// Sends files without a sound: one as its kind's message, 2 to 10 as an album. The result is the first
  /// message's id. Throws std::system_error when a file cannot be read.
  ApiCall<std::int64_t> send_files(std::int64_t chat_id, std::optional<std::int64_t> thread_id,
                                   std::vector<Upload> files, std::string boundary);
  /// Makes a link to a file that was sent; it is good for an hour at least.
  ApiCall<RemoteFile> get_file(std::string file_id);
  /// Shows a draft_payload() as a message that is being written: some 30 s, or until a message of ours comes.
  /// The same `draft_id` (never 0) is the same draft, changed. In private chats only. The person's Stop comes
  /// as the update stopped_message_generation, and leaves the text where it is.
  ApiCall<void> send_draft(std::int64_t chat_id, std::optional<std::int64_t> thread_id, std::int64_t draft_id,
                           json::Object payload);
  /// Gives a message of ours another message_payload(). That it is the same already is no error.
  ApiCall<void> edit_text(std::int64_t chat_id, std::int64_t message_id, json::Object payload);
  /// That it is gone already is no error.
  ApiCall<void> delete_message(std::int64_t chat_id, std::int64_t message_id);
  /// Our reaction under a message; "" takes it away.
  ApiCall<void> set_reaction(std::int64_t chat_id, std::int64_t message_id, std::string emoji);
  /// Ends the waiting of somebody who pressed a button. `text` (at most 200 characters) is shown for a moment
  /// or, as an alert, until it is closed; "" shows nothing.
  ApiCall<void> answer_callback_query(std::string query_id, std::string text, bool as_alert);
  /// Gives a message of ours another keyboard: an InlineKeyboardMarkup, without rows for none. A message that
  /// has it already is a success.
  ApiCall<void> edit_reply_markup(std::int64_t chat_id, std::int64_t message_id, json::Object markup);
  /// Makes a topic in a forum, or in a private chat of a bot with threaded mode; the result is its thread.
  ApiCall<std::int64_t> create_topic(std::int64_t chat_id, std::string name);
  /// Shows "typing…" for some five seconds, or until a message comes.
  ApiCall<void> send_action(std::int64_t chat_id, std::optional<std::int64_t> thread_id, std::string action);

 private:
  ApiCall<json::Value> call(std::string method, json::Object parameters, std::chrono::milliseconds timeout);
  ApiCall<json::Value> upload(std::string method, MultipartBody body, std::chrono::milliseconds timeout);
  ApiCall<json::Value> exchange(http::Client& client, http::Request request,
                                std::chrono::milliseconds timeout);
  http::Request post(const std::string& method, std::string content_type, std::string body) const;

  boost::asio::any_io_executor executor_;
  http::Url root_;
  http::Client polling_;
  http::Client calls_;
  config::Secret token_;
};

}  // namespace butler::telegram
