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

/// Calls of the Bot API at any root (api.telegram.org, a local server, a simulator). Each call is one
/// request, without retries. One thread.
class BotApi {
 public:
  BotApi(const boost::asio::any_io_executor& executor, http::Url root, config::Secret token);

  ApiCall<Bot> get_me();
  /// Waits up to `timeout` for updates from `offset` on (0: from the oldest). A higher offset than an
  /// update's id confirms it: Telegram forgets it.
  ApiCall<UpdateBatch> get_updates(std::int64_t offset, std::chrono::seconds timeout);
  /// The address that a webhook is set to; "" for none.
  ApiCall<std::string> get_webhook_url();
  /// Sets the menu of commands of a scope, or takes it away.
  ApiCall<void> set_my_commands(CommandScope scope, std::vector<BotCommand> commands);
  ApiCall<void> delete_my_commands(CommandScope scope);
  /// Sends a message_payload(); the result is the message's id.
  ApiCall<std::int64_t> send_message(std::int64_t chat_id, std::optional<std::int64_t> thread_id,
                                     json::Object payload);

 private:
  ApiCall<json::Value> call(std::string method, json::Object parameters, std::chrono::milliseconds timeout);

  http::Client client_;
  config::Secret token_;
};

}  // namespace butler::telegram
