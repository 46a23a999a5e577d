#pragma once

#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "gateway/fake_telegram_chat.hpp"
#include "http/server.hpp"
#include "json/value.hpp"

namespace butler::gateway {

/// As much of Telegram as the gateway's tests need: the queue of updates with its offsets, and the chats.
class FakeTelegram : public http::Application {
 public:
  using Shown = ShownMessage;
  using Answered = AnsweredPress;

  /// An update of somebody who presses a button with this callback_data under a message. Returns its query.
  std::string press(const std::string& data, std::int64_t person, std::int64_t chat_id,
                    std::int64_t message_id, json::Object extra = {}) {
    const std::string query_id = "query-" + std::to_string(next_update_id);
    json::Object message{
        {"message_id", message_id},
        {"date", 1'700'000'000},
        {"chat", json::Object{{"id", chat_id}, {"type", chat_id < 0 ? "supergroup" : "private"}}},
        {"from", json::Object{{"id", 700'001}, {"is_bot", true}, {"first_name", "Butler"}}},
        {"text", "a question"}};
    for (auto& member : extra) message[member.key()] = member.value();
    push({{"callback_query",
           json::Object{{"id", query_id},
                        {"from", json::Object{{"id", person}, {"is_bot", false}, {"first_name", "Ada"}}},
                        {"message", std::move(message)},
                        {"chat_instance", "1"},
                        {"data", data}}}});
    return query_id;
  }

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

  /// A file of a person in their private chat, as the member of the message that `kind` names.
  void send_file(std::string_view kind, const std::string& bytes, std::int64_t person,
                 json::Object extra = {}) {
    const std::string id = "file-" + std::to_string(files.size());
    files[id] = bytes;
    json::Object media{{"file_id", id},
                       {"file_unique_id", "u" + id},
                       {"file_size", static_cast<std::int64_t>(bytes.size())}};
    json::Object message{{"message_id", next_message_id++},
                         {"date", std::chrono::duration_cast<std::chrono::seconds>(
                                      std::chrono::system_clock::now().time_since_epoch())
                                      .count()},
                         {"chat", json::Object{{"id", person}, {"type", "private"}}},
                         {"from", json::Object{{"id", person}, {"is_bot", false}, {"first_name", "Ada"}}}};
    if (kind == "photo") {
      media["width"] = media["height"] = 10;
      message["photo"] = json::Array{std::move(media)};
    } else {
      for (auto& member : extra) media[member.key()] = member.value();
      message[kind] = std::move(media);
    }
    if (const auto* caption = extra.if_contains("caption")) message["caption"] = *caption;
    push({{"message", std::move(message)}});
  }

  /// A text of a person in a chat; `extra` goes into the message.
  void say(std::string text, std::int64_t person, json::Object chat, json::Object extra = {}) {
    extra["text"] = std::move(text);
    tell(person, std::move(chat), std::move(extra));
  }

  /// Something else than a text of a person in their private chat.
  void bring(std::int64_t person, json::Object extra) {
    tell(person, {{"id", person}, {"type", "private"}}, std::move(extra));
  }

  /// The person changes a message of theirs in their private chat.
  void edit(std::int64_t message_id, std::string text, std::int64_t person, json::Object extra = {}) {
    json::Object message{{"message_id", message_id},
                         {"date", 1'700'000'000},
                         {"edit_date", 1'700'000'100},
                         {"chat", json::Object{{"id", person}, {"type", "private"}}},
                         {"from", json::Object{{"id", person}, {"is_bot", false}, {"first_name", "Ada"}}},
                         {"text", std::move(text)}};
    for (auto& member : extra) message[member.key()] = member.value();
    push({{"edited_message", std::move(message)}});
  }

  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead&) override {
    return http::BodyLimit{std::size_t{1} << 20U};
  }

  boost::asio::awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    const std::string path{request.head.path()};
    const std::string method = path.substr(path.rfind('/') + 1);
    const json::Value body = json::parse(request.body).value_or(json::Object{});
    calls.push_back(method);
    bodies.emplace_back(method, body);
    if (method == "sendDocument") documents.push_back(request.body);
    if (path.starts_with("/file/bot" + token + "/")) {
      while (hold_downloads) co_await changed.wait();
      auto response = download(path.substr(path.rfind('/') + 1));
      changed.notify_all();
      co_return co_await exchange.send(std::move(response));
    }

    if (!path.starts_with("/bot" + token + "/")) {
      auto refusal = error(401, "Unauthorized");
      co_return co_await exchange.send(std::move(refusal));
    }
    changed.notify_all();
    while (method == held_method) co_await changed.wait();
    if (method == "getUpdates") co_return co_await get_updates(body, exchange);
    if (method == "sendMessage") co_return co_await send_message(body, exchange);
    if (method == "editMessageReplyMarkup") co_return co_await edit_markup(body, exchange);
    if (method == "answerCallbackQuery") {
      answered.push_back({.query_id = std::string{json::find_string(body, "callback_query_id")},
                          .text = std::string{json::find_string(body, "text")},
                          .alert = json::find_true(body, "show_alert")});
      changed.notify_all();
    }
    if (method == "sendChatAction" && action_error) {
      auto refusal = error(action_error->first, action_error->second);
      co_return co_await exchange.send(std::move(refusal));
    }
    if (is_upload(method)) {
      uploads.push_back({.method = method, .body = request.body});
      if (!upload_errors.empty()) {
        auto refusal = error(upload_errors.front().first, upload_errors.front().second);
        upload_errors.pop_front();
        changed.notify_all();
        co_return co_await exchange.send(std::move(refusal));
      }
    }
    if (method == "getFile") {
      auto response = link(std::string{json::find_string(body, "file_id")});
      co_return co_await exchange.send(std::move(response));
    }
    if (auto& faults = call_faults[method]; !faults.empty()) {
      const SendFault fault = std::move(faults.front());
      faults.pop_front();
      auto refusal = error(fault.status.value_or(500), fault.description, fault.parameters);
      changed.notify_all();
      co_return co_await exchange.send(std::move(refusal));
    }
    changed.notify_all();
    json::Value result = true;
    if (is_upload(method)) result = json::Object{{"message_id", next_message_id++}};
    if (method == "sendMediaGroup") result = json::Array{json::Object{{"message_id", next_message_id++}}};
    if (method == "sendDocument") result = json::Object{{"message_id", next_message_id++}};
    if (method == "getMe")
      result = json::Object{
          {"id", 700'001}, {"is_bot", true}, {"username", "butler_bot"}, {"has_topics_enabled", has_topics}};
    if (method == "createForumTopic") {
      topics.emplace_back(json::find_string(body, "name"));
      if (before_topic_answer) std::exchange(before_topic_answer, {})();
      result = json::Object{{"message_thread_id", 500 + static_cast<std::int64_t>(topics.size())}};
    }
    if (method == "getWebhookInfo") result = webhook_info();
    if (method == "deleteWebhook") webhook.clear();
    if (method == "setWebhook") {
      webhook_parameters = body;
      webhook = json::find_string(body, "url");
    }
    auto response = ok(std::move(result));
    co_await exchange.send(std::move(response));
  }

  std::size_t count_calls(std::string_view method) const {
    return static_cast<std::size_t>(std::ranges::count(calls, method));
  }

  struct Uploaded {
    std::string method;
    std::string body;
  };
  std::map<std::string, std::string> files;   ///< file_id → bytes
  std::deque<DownloadFault> download_faults;  ///< for the next downloads
  std::vector<Uploaded> uploads;              ///< files that came to a chat, or were refused
  std::deque<std::pair<int, std::string>> upload_errors;
  std::size_t downloads = 0;
  bool hold_downloads = false;  ///< they wait until this is false
  std::size_t most_file_bytes = 500'000;
  /// What was sent with the calls of a method.
  std::vector<json::Value> bodies_of(std::string_view method) const {
    std::vector<json::Value> found;
    for (const auto& [name, body] : bodies) {
      if (name == method) found.push_back(body);
    }
    return found;
  }

  std::string file_folder = "documents/";  ///< absolute: as a server with --local
  std::string token = "700001:secret-of-the-test";
  std::vector<Shown> shown;                             ///< what a reader would see, in order
  std::deque<SendFault> send_faults;                    ///< for the next messages
  std::vector<Answered> answered;                       ///< presses, in order
  std::deque<std::pair<int, std::string>> edit_errors;  ///< for the next edits of keyboards
  std::size_t edits = 0;                                ///< of keyboards, that were taken
  std::optional<std::pair<int, std::string>> poll_error;
  std::optional<std::pair<int, std::string>> action_error;
  std::string webhook;
  json::Value webhook_parameters;             ///< of the last setWebhook
  bool has_topics = true;                     ///< threaded mode
  std::vector<std::string> topics;            ///< names of those that were made; threads from 501 on
  std::function<void()> before_topic_answer;  ///< the topic is made, and the gateway does not know
  bool deaf = false;                          ///< polls are taken and never answered
  std::deque<json::Object> updates;           ///< not confirmed
  std::vector<std::string> calls;
  std::vector<std::pair<std::string, json::Value>> bodies;   ///< of all calls, with their methods
  std::map<std::string, std::deque<SendFault>> call_faults;  ///< for the next calls of a method
  std::vector<std::string> documents;                        ///< bodies of sendDocument
  std::int64_t highest_offset = 0;
  std::function<void()> on_updates_given;  ///< when a batch leaves, before the gateway can have it
  std::function<void()> before_send;       ///< a message came, and is not in the chat
  std::function<void()> after_send;        ///< it is in the chat, and the gateway does not know
  std::int64_t next_update_id = 1'000;
  std::int64_t next_message_id = 1;
  bool hold_sends = false;  ///< messages wait until this is false
  std::string held_method;  ///< calls of it wait until this is another one
  std::size_t held = 0;
  async::Event changed;

 private:
  void tell(std::int64_t person, json::Object chat, json::Object extra) {
    json::Object message{{"message_id", next_message_id++},
                         {"date", std::chrono::duration_cast<std::chrono::seconds>(
                                      std::chrono::system_clock::now().time_since_epoch())
                                      .count()},
                         {"chat", std::move(chat)},
                         {"from", json::Object{{"id", person}, {"is_bot", false}, {"first_name", "Ada"}}}};
    for (auto& member : extra) message[member.key()] = member.value();
    push({{"message", std::move(message)}});
  }

  json::Object webhook_info() const {
    json::Object info{{"url", webhook}, {"pending_update_count", updates.size()}};
    for (const char* const name : {"max_connections", "allowed_updates"}) {
      if (const json::Value* const value = json::find(webhook_parameters, name)) info[name] = *value;
    }
    return info;
  }

  static http::Response ok(json::Value result) {
    return {.body = json::serialize(json::Object{{"ok", true}, {"result", std::move(result)}})};
  }
  static http::Response error(int code, std::string description, json::Object parameters = {}) {
    json::Object body{{"ok", false}, {"error_code", code}, {"description", std::move(description)}};
    if (!parameters.empty()) body["parameters"] = std::move(parameters);
    return {.status = code, .body = json::serialize(body)};
  }

  static bool is_upload(std::string_view method) {
    return method == "sendPhoto" || method == "sendDocument" || method == "sendVoice" ||
           method == "sendAudio" || method == "sendVideo" || method == "sendMediaGroup";
  }

  http::Response link(const std::string& file_id) {
    if (!files.contains(file_id)) {
      return error(400, "Bad Request: wrong file_id or the file is temporarily unavailable");
    }
    if (files.at(file_id).size() > most_file_bytes) return error(400, "Bad Request: file is too big");
    return ok(json::Object{{"file_id", file_id},
                           {"file_path", file_folder + file_id},
                           {"file_size", static_cast<std::int64_t>(files.at(file_id).size())}});
  }

  http::Response download(const std::string& file_id) {
    ++downloads;
    DownloadFault fault;
    if (!download_faults.empty()) {
      fault = download_faults.front();
      download_faults.pop_front();
    }
    if (fault.status != 200) return error(fault.status, "Not Found");
    std::string bytes = files.at(file_id);
    bytes.resize(bytes.size() - fault.missing_bytes);
    return {.body = std::move(bytes)};
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
    auto response = *fault.status == 200 ? ok(json::Object{{"message_id", shown.back().message_id}})
                                         : error(*fault.status, fault.description, fault.parameters);
    co_await exchange.send(std::move(response));
  }

  void show(const json::Value& body) {
    shown.push_back({.chat_id = json::find_integer(body, "chat_id"),
                     .thread_id = json::find_integer(body, "message_thread_id"),
                     .text = std::string{json::find_string(body, "text")},
                     .body = body,
                     .message_id = next_message_id++});
  }

  boost::asio::awaitable<void> edit_markup(json::Value body, http::Exchange& exchange) {
    if (!edit_errors.empty()) {
      auto refusal = error(edit_errors.front().first, edit_errors.front().second);
      edit_errors.pop_front();
      co_return co_await exchange.send(std::move(refusal));
    }
    const auto is_meant = [&](const Shown& one) {
      return one.chat_id == json::find_integer(body, "chat_id") &&
             one.message_id == json::find_integer(body, "message_id");
    };
    const auto found = std::ranges::find_if(shown, is_meant);
    if (found == shown.end()) {
      auto refusal = error(400, "Bad Request: message to edit not found");
      co_return co_await exchange.send(std::move(refusal));
    }
    found->body.as_object()["reply_markup"] = body.as_object().at("reply_markup");
    ++edits;
    changed.notify_all();
    auto response = ok(true);
    co_await exchange.send(std::move(response));
  }

  http::Server server_;
};

}  // namespace butler::gateway
