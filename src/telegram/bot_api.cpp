#include "telegram/bot_api.hpp"

#include <charconv>

#include "telegram/parse_deep.hpp"
#include "telegram/subscription.hpp"

namespace butler::telegram {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds call_timeout{20};
constexpr seconds upload_timeout{60};
constexpr http::ClientOptions one_kept_connection{.idle_connections = 1};
constexpr http::ClientOptions four_kept_connections{.idle_connections = 4};
constexpr std::int64_t general_topic = 1;

std::optional<seconds> retry_after_field(const http::Response& response) {
  const auto field = response.headers.find("retry-after");
  int value = 0;
  if (!field || std::from_chars(field->data(), field->data() + field->size(), value).ec != std::errc{}) {
    return std::nullopt;
  }
  return seconds{value};
}

ApiError read_refusal(const http::Response& response, const json::Value& answer) {
  ApiError error{.kind = ApiError::Kind::refused,
                 .error_code = static_cast<int>(json::find_integer(answer, "error_code", response.status)),
                 .description = std::string{json::find_string(answer, "description")},
                 .retry_after = retry_after_field(response)};
  if (const json::Value* parameters = json::find(answer, "parameters")) {
    if (const auto wait = json::find_integer(*parameters, "retry_after"); wait > 0) {
      error.retry_after = seconds{wait};
    }
    if (const auto chat = json::find_integer(*parameters, "migrate_to_chat_id"); chat != 0) {
      error.migrate_to_chat_id = chat;
    }
  }
  return error;
}

}  // namespace

std::string ApiError::describe() const {
  return error_code == 0 ? description : std::to_string(error_code) + " " + description;
}

std::expected<json::Value, ApiError> read_answer(const http::Response& response) {
  json::Value answer = parse_deep(response.body);
  const json::Value* ok = json::find(answer, "ok");
  if (ok == nullptr || !ok->is_bool()) {
    return std::unexpected(ApiError{.kind = ApiError::Kind::unknown,
                                    .error_code = response.status,
                                    .description = "an answer that is not the Bot API's JSON",
                                    .retry_after = retry_after_field(response)});
  }
  if (!ok->get_bool()) return std::unexpected(read_refusal(response, answer));
  json::Value* result = answer.get_object().if_contains("result");
  return result == nullptr ? json::Value{} : std::move(*result);
}

UpdateBatch read_updates(const json::Value& result) {
  UpdateBatch batch;
  const auto* items = result.if_array();
  if (items == nullptr) {
    batch.unreadable = 1;
    return batch;
  }
  for (const auto& item : *items) {
    const auto id = json::find_integer(item, "update_id", -1);
    if (id < 0) {
      ++batch.unreadable;
    } else {
      batch.updates.push_back({id, json::serialize(item)});
    }
  }
  return batch;
}

json::Object message_payload(const std::string& text, json::Array entities,
                             std::optional<std::int64_t> reply_to) {
  json::Object payload;
  payload["text"] = text;
  if (!entities.empty()) payload["entities"] = std::move(entities);
  payload["link_preview_options"] = json::Object{{"is_disabled", true}};
  if (reply_to) {
    payload["reply_parameters"] =
        json::Object{{"message_id", *reply_to}, {"allow_sending_without_reply", true}};
  }
  return payload;
}

json::Object document_payload(const std::string& file_name, const std::string& content,
                              const std::string& caption) {
  json::Object payload{{"document", json::Object{{"file_name", file_name}, {"content", content}}}};
  if (!caption.empty()) payload["caption"] = caption;
  return payload;
}

bool is_document(const json::Object& payload) { return payload.contains("document"); }

BotApi::BotApi(const boost::asio::any_io_executor& executor, http::Url root, config::Secret token)
    : executor_(executor),
      root_(std::move(root)),
      polling_(executor_, root_, one_kept_connection),
      calls_(executor_, root_, four_kept_connections),
      token_(std::move(token)) {}

void BotApi::reconnect_polling() { polling_ = http::Client(executor_, root_, one_kept_connection); }

http::Request BotApi::post(const std::string& method, std::string content_type, std::string body) const {
  http::Request request;
  request.head.method = "POST";
  request.head.target = "/bot" + token_.reveal() + "/" + method;
  request.head.headers.add("content-type", std::move(content_type));
  request.body = std::move(body);
  return request;
}

ApiCall<json::Value> BotApi::exchange(http::Client& client, http::Request request, milliseconds timeout) {
  auto response = co_await client.send(std::move(request), timeout);
  if (!response) {
    const bool not_sent = response.error().outcome == http::ClientError::Outcome::not_sent;
    co_return std::unexpected(ApiError{.kind = not_sent ? ApiError::Kind::not_sent : ApiError::Kind::unknown,
                                       .description = std::move(response.error().message)});
  }
  co_return read_answer(*response);
}

ApiCall<json::Value> BotApi::call(std::string method, json::Object parameters, milliseconds timeout) {
  http::Request request = post(method, "application/json", json::serialize(parameters));
  co_return co_await exchange(calls_, std::move(request), timeout);
}

ApiCall<json::Value> BotApi::upload(std::string method, MultipartBody body, milliseconds timeout) {
  http::Request request = post(method, std::move(body.content_type), std::move(body.text));
  co_return co_await exchange(calls_, std::move(request), timeout);
}

ApiCall<Bot> BotApi::get_me() {
  auto result = co_await call("getMe", {}, call_timeout);
  if (!result) co_return std::unexpected(std::move(result.error()));
  co_return Bot{.id = json::find_integer(*result, "id"),
                .username = std::string{json::find_string(*result, "username")},
                .has_topics = json::find_true(*result, "has_topics_enabled")};
}

ApiCall<UpdateBatch> BotApi::get_updates(std::int64_t offset, seconds timeout, milliseconds patience) {
  json::Object parameters{{"timeout", timeout.count()}, {"allowed_updates", subscribed_updates()}};
  if (offset != 0) parameters["offset"] = offset;
  http::Request request = post("getUpdates", "application/json", json::serialize(parameters));
  auto result = co_await exchange(polling_, std::move(request), patience);
  if (!result) co_return std::unexpected(std::move(result.error()));
  co_return read_updates(*result);
}

ApiCall<WebhookState> BotApi::get_webhook_info() {
  auto result = co_await call("getWebhookInfo", {}, call_timeout);
  if (!result) co_return std::unexpected(std::move(result.error()));
  co_return read_webhook_state(*result);
}

ApiCall<void> BotApi::set_webhook(WebhookRequest wanted) {
  json::Object parameters = webhook_parameters(wanted);
  std::expected<json::Value, ApiError> result;
  if (wanted.certificate.empty()) {
    result = co_await call("setWebhook", std::move(parameters), call_timeout);
  } else {
    MultipartBody body = multipart(parameters);
    result = co_await upload("setWebhook", std::move(body), call_timeout);
  }
  if (!result) co_return std::unexpected(std::move(result.error()));
  co_return std::expected<void, ApiError>{};
}

ApiCall<void> BotApi::delete_webhook() {
  auto result = co_await call("deleteWebhook", {}, call_timeout);
  if (!result) co_return std::unexpected(std::move(result.error()));
  co_return std::expected<void, ApiError>{};
}

ApiCall<void> BotApi::set_my_commands(CommandScope scope, std::vector<BotCommand> commands) {
  json::Array list;
  for (auto& one : commands) {
    list.push_back(
        json::Object{{"command", std::move(one.command)}, {"description", std::move(one.description)}});
  }
  json::Object parameters{{"commands", std::move(list)}, {"scope", scope.as_json()}};
  if (!scope.language_code.empty()) parameters["language_code"] = scope.language_code;
  auto result = co_await call("setMyCommands", std::move(parameters), call_timeout);
  if (!result) co_return std::unexpected(std::move(result.error()));
  co_return std::expected<void, ApiError>{};
}

ApiCall<void> BotApi::delete_my_commands(CommandScope scope) {
  json::Object parameters{{"scope", scope.as_json()}};
  if (!scope.language_code.empty()) parameters["language_code"] = scope.language_code;
  auto result = co_await call("deleteMyCommands", std::move(parameters), call_timeout);
  if (!result) co_return std::unexpected(std::move(result.error()));
  co_return std::expected<void, ApiError>{};
}

ApiCall<std::int64_t> BotApi::send(std::int64_t chat_id, std::optional<std::int64_t> thread_id,
                                   json::Object payload) {
  payload["chat_id"] = chat_id;
  if (thread_id && *thread_id != general_topic) payload["message_thread_id"] = *thread_id;
  std::expected<json::Value, ApiError> result;
  if (is_document(payload)) {
    MultipartBody body = multipart(payload);
    result = co_await upload("sendDocument", std::move(body), upload_timeout);
  } else {
    result = co_await call("sendMessage", std::move(payload), call_timeout);
  }
  if (!result) co_return std::unexpected(std::move(result.error()));
  co_return json::find_integer(*result, "message_id");
}

ApiCall<std::int64_t> BotApi::send_files(std::int64_t chat_id, std::optional<std::int64_t> thread_id,
                                         std::vector<Upload> files, std::string boundary) {
  json::Object fields{{"chat_id", chat_id}, {"disable_notification", true}};
  if (thread_id && *thread_id != general_topic) fields["message_thread_id"] = *thread_id;
  UploadForm form = upload_form(fields, files, boundary);
  const auto patience = upload_patience(form.body->size());
  http::Request request = post(form.method, std::move(form.content_type), {});
  request.source = std::move(form.body);
  auto result = co_await exchange(calls_, std::move(request), patience);
  if (!result) co_return std::unexpected(std::move(result.error()));
  const auto* messages = result->if_array();
  const bool album = messages != nullptr && !messages->empty();
  co_return json::find_integer(album ? messages->front() : *result, "message_id");
}

ApiCall<RemoteFile> BotApi::get_file(std::string file_id) {
  json::Object parameters{{"file_id", std::move(file_id)}};
  auto result = co_await call("getFile", std::move(parameters), call_timeout);
  if (!result) co_return std::unexpected(std::move(result.error()));
  co_return RemoteFile{.path = std::string{json::find_string(*result, "file_path")},
                       .size = json::find_integer(*result, "file_size")};
}

ApiCall<void> BotApi::answer_callback_query(std::string query_id, std::string text, bool as_alert) {
  json::Object parameters{{"callback_query_id", std::move(query_id)}};
  if (!text.empty()) parameters["text"] = text;
  if (as_alert) parameters["show_alert"] = true;
  auto result = co_await call("answerCallbackQuery", std::move(parameters), call_timeout);
  if (!result) co_return std::unexpected(std::move(result.error()));
  co_return std::expected<void, ApiError>{};
}

ApiCall<void> BotApi::edit_reply_markup(std::int64_t chat_id, std::int64_t message_id, json::Object markup) {
  json::Object parameters{
      {"chat_id", chat_id}, {"message_id", message_id}, {"reply_markup", std::move(markup)}};
  auto result = co_await call("editMessageReplyMarkup", std::move(parameters), call_timeout);
  const bool same = !result && result.error().error_code == 400 &&
                    result.error().description.contains("message is not modified");
  if (!result && !same) co_return std::unexpected(std::move(result.error()));
  co_return std::expected<void, ApiError>{};
}

ApiCall<std::int64_t> BotApi::create_topic(std::int64_t chat_id, std::string name) {
  json::Object parameters{{"chat_id", chat_id}, {"name", std::move(name)}};
  auto result = co_await call("createForumTopic", std::move(parameters), call_timeout);
  if (!result) co_return std::unexpected(std::move(result.error()));
  const auto thread = json::find_integer(*result, "message_thread_id");
  if (thread != 0) co_return thread;
  co_return std::unexpected(ApiError{.description = "createForumTopic without a message_thread_id"});
}

ApiCall<void> BotApi::send_action(std::int64_t chat_id, std::optional<std::int64_t> thread_id,
                                  std::string action) {
  json::Object parameters{{"chat_id", chat_id}, {"action", std::move(action)}};
  if (thread_id) parameters["message_thread_id"] = *thread_id;
  auto result = co_await call("sendChatAction", std::move(parameters), call_timeout);
  if (!result) co_return std::unexpected(std::move(result.error()));
  co_return std::expected<void, ApiError>{};
}

}  // namespace butler::telegram
