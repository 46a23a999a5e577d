#include "telegram/webhook.hpp"

#include "http/types.hpp"
#include "telegram/parse_deep.hpp"
#include "telegram/subscription.hpp"

namespace butler::telegram {

bool same_webhook_url(std::string_view one, std::string_view other) {
  const auto a = http::Url::parse(one);
  const auto b = http::Url::parse(other);
  if (!a || !b) return one == other;
  return a->tls == b->tls && a->port == b->port && a->path == b->path && http::same_name(a->host, b->host);
}

WebhookState read_webhook_state(const json::Value& result) {
  WebhookState state{.url = std::string{json::find_string(result, "url")},
                     .pending_updates = json::find_integer(result, "pending_update_count"),
                     .own_certificate = json::find_true(result, "has_custom_certificate"),
                     .connections = json::find_integer(result, "max_connections"),
                     .last_error_at = json::find_integer(result, "last_error_date"),
                     .last_error = std::string{json::find_string(result, "last_error_message")}};
  const json::Value* const updates = json::find(result, "allowed_updates");
  if (updates == nullptr || !updates->is_array()) return state;
  state.updates.emplace();
  for (const json::Value& kind : updates->get_array()) {
    if (kind.is_string()) state.updates->emplace_back(kind.get_string());
  }
  return state;
}

json::Object webhook_parameters(const WebhookRequest& wanted) {
  json::Object parameters{{"url", wanted.url},
                          {"secret_token", wanted.secret.reveal()},
                          {"max_connections", wanted.connections},
                          {"allowed_updates", subscribed_updates()}};
  if (!wanted.certificate.empty()) {
    parameters["certificate"] =
        json::Object{{"file_name", "certificate.pem"}, {"content", wanted.certificate}};
  }
  return parameters;
}

std::optional<RawUpdate> read_update(const std::string& body) {
  const json::Value update = parse_deep(body);
  const auto id = json::find_integer(update, "update_id", -1);
  if (id < 0) return std::nullopt;
  return RawUpdate{.update_id = id, .json = json::serialize(update)};
}

}  // namespace butler::telegram
