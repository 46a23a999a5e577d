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
  std::string username;
};

/// How our updates are delivered.
struct WebhookState {
  std::string url;  ///< "" for none
  std::int64_t pending_updates = 0;
};

/// An update as it came, not understood yet.
struct RawUpdate {
  std::int64_t update_id = 0;
  std::string json;
};

struct BotCommand {
  std::string command;
  std::string description;
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
  /// Updates come by getUpdates again; those that wait are kept.
  ApiCall<void> delete_webhook();
  /// Sets the menu of commands of a scope, or takes it away.
  ApiCall<void> set_my_commands(CommandScope scope, std::vector<BotCommand> commands);
  ApiCall<void> delete_my_commands(CommandScope scope);
  /// Sends a message_payload() or a document_payload(); the result is the message's id.
  ApiCall<std::int64_t> send(std::int64_t chat_id, std::optional<std::int64_t> thread_id,
                             json::Object payload);
  /// Shows "typing…" for some five seconds, or until a message comes.
  ApiCall<void> send_typing(std::int64_t chat_id, std::optional<std::int64_t> thread_id);

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
