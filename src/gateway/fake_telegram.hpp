#pragma once

#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "http/server.hpp"
#include "json/value.hpp"

namespace butler::gateway {

/// What happens to the next sendMessage.
struct SendFault {
  bool applied = false;            ///< the message appears in the chat all the same
  std::optional<int> status = {};  ///< answered with this error; otherwise the connection is closed
  std::string description = {};
  json::Object parameters = {};
};

/// As much of Telegram as the gateway's tests need: the queue of updates with its offsets, and the chats.
class FakeTelegram : public http::Application {
 public:
  struct Shown {
    std::int64_t chat_id = 0;
    std::int64_t thread_id = 0;
    std::string text;
    json::Value body;
  };

  explicit FakeTelegram(boost::asio::io_context& io)
      : changed(io.get_executor()), server_(io.get_executor(), {}, *this) {
    server_.listen();
  }

  boost::asio::awaitable<void> run() { return server_.run(); }
  boost::asio::awaitable<void> shut_down() { return server_.shut_down(std::chrono::milliseconds{0}); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

  void push(json::Object update) {
    if (!update.contains("update_id")) update["update_id"] = next_update_id++;
    updates.push_back(std::move(update));
    changed.notify_all();
  }

  /// A text of a person in a chat; `extra` goes into the message.
  void say(std::string text, std::int64_t person, json::Object chat, json::Object extra = {}) {
    json::Object message{{"message_id", next_message_id++},
                         {"date", std::chrono::duration_cast<std::chrono::seconds>(
                                      std::chrono::system_clock::now().time_since_epoch())
                                      .count()},
                         {"chat", std::move(chat)},
                         {"from", json::Object{{"id", person}, {"is_bot", false}, {"first_name", "Ada"}}},
                         {"text", std::move(text)}};
    for (auto& member : extra) message[member.key()] = member.value();
    push({{"message", std::move(message)}});
  }

  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead&) override {
    return http::BodyLimit{std::size_t{1} << 20U};
  }

  boost::asio::awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    const std::string path{request.head.path()};
    const std::string method = path.substr(path.rfind('/') + 1);
    const json::Value body = json::parse(request.body).value_or(json::Object{});
    calls.push_back(method);
    if (method == "sendDocument") documents.push_back(request.body);

    if (!path.starts_with("/bot" + token + "/")) {
      auto refusal = error(401, "Unauthorized");
      co_return co_await exchange.send(std::move(refusal));
    }
    if (method == "getUpdates") co_return co_await get_updates(body, exchange);
    if (method == "sendMessage") co_return co_await send_message(body, exchange);
    if (method == "sendChatAction" && action_error) {
      auto refusal = error(action_error->first, action_error->second);
      co_return co_await exchange.send(std::move(refusal));
    }
    json::Value result = true;
    if (method == "sendDocument") result = json::Object{{"message_id", next_message_id++}};
    if (method == "getMe")
      result = json::Object{{"id", 700'001}, {"is_bot", true}, {"username", "butler_bot"}};
    if (method == "getWebhookInfo") result = json::Object{{"url", webhook}};
    auto response = ok(std::move(result));
    co_await exchange.send(std::move(response));
  }

  std::size_t count_calls(std::string_view method) const {
    return static_cast<std::size_t>(std::ranges::count(calls, method));
  }

  std::string token = "700001:secret-of-the-test";
  std::vector<Shown> shown;           ///< what a reader would see, in order
  std::deque<SendFault> send_faults;  ///< for the next messages
  std::optional<std::pair<int, std::string>> poll_error;
  std::optional<std::pair<int, std::string>> action_error;
  std::string webhook;
  bool deaf = false;                 ///< polls are taken and never answered
  std::deque<json::Object> updates;  ///< not confirmed
  std::vector<std::string> calls;
  std::vector<std::string> documents;  ///< bodies of sendDocument
  std::int64_t highest_offset = 0;
  std::function<void()> on_updates_given;  ///< when a batch leaves, before the gateway can have it
  std::function<void()> before_send;       ///< a message came, and is not in the chat
  std::function<void()> after_send;        ///< it is in the chat, and the gateway does not know
  std::int64_t next_update_id = 1'000;
  std::int64_t next_message_id = 1;
  bool hold_sends = false;  ///< messages wait until this is false
  std::size_t held = 0;
  async::Event changed;

 private:
  static http::Response ok(json::Value result) {
    return {.body = json::serialize(json::Object{{"ok", true}, {"result", std::move(result)}})};
  }
  static http::Response error(int code, std::string description, json::Object parameters = {}) {
    json::Object body{{"ok", false}, {"error_code", code}, {"description", std::move(description)}};
    if (!parameters.empty()) body["parameters"] = std::move(parameters);
    return {.status = code, .body = json::serialize(body)};
  }

  boost::asio::awaitable<void> get_updates(json::Value body, http::Exchange& exchange) {
    if (poll_error) {
      auto refusal = error(poll_error->first, poll_error->second);
      co_return co_await exchange.send(std::move(refusal));
    }
    const std::int64_t offset = json::find_integer(body, "offset");
    highest_offset = std::max(highest_offset, offset);
    std::erase_if(updates, [&](const auto& one) { return one.at("update_id").as_int64() < offset; });
    bool gone = false;
    exchange.watch_close([this, &gone] {
      gone = true;
      changed.notify_all();
    });
    while ((updates.empty() || deaf) && !gone) co_await changed.wait();
    exchange.unwatch();
    if (gone) co_return;
    json::Array batch;
    for (const auto& update : updates) batch.push_back(update);
    if (on_updates_given) std::exchange(on_updates_given, {})();
    auto response = ok(std::move(batch));
    co_await exchange.send(std::move(response));
  }

  boost::asio::awaitable<void> send_message(json::Value body, http::Exchange& exchange) {
    if (before_send) std::exchange(before_send, {})();
    ++held;
    while (hold_sends) co_await changed.wait();
    --held;
    SendFault fault{.applied = true, .status = 200};
    if (!send_faults.empty()) {
      fault = std::move(send_faults.front());
      send_faults.pop_front();
    }
    if (fault.applied) show(body);
    changed.notify_all();
    if (fault.applied && after_send) std::exchange(after_send, {})();
    if (!fault.status) {  // an answer that breaks off
      http::Response head;
      co_await exchange.begin_stream(std::move(head));
      throw std::runtime_error("scripted: the connection breaks");
    }
    auto response = *fault.status == 200 ? ok(json::Object{{"message_id", next_message_id++}})
                                         : error(*fault.status, fault.description, fault.parameters);
    co_await exchange.send(std::move(response));
  }

  void show(const json::Value& body) {
    shown.push_back({.chat_id = json::find_integer(body, "chat_id"),
                     .thread_id = json::find_integer(body, "message_thread_id"),
                     .text = std::string{json::find_string(body, "text")},
                     .body = body});
  }

  http::Server server_;
};

}  // namespace butler::gateway
