#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/secret.hpp"
#include "json/value.hpp"

/// What the Bot API says and is told of webhooks.
namespace butler::telegram {

/// An update as it came, not understood yet.
struct RawUpdate {
  std::int64_t update_id = 0;
  std::string json;
};

/// How our updates are delivered (WebhookInfo).
struct WebhookState {
  std::string url = {};  ///< "" for none
  std::int64_t pending_updates = 0;
  bool own_certificate = false;                          ///< somebody gave Telegram one
  std::int64_t connections = 0;                          ///< 0 when not told
  std::optional<std::vector<std::string>> updates = {};  ///< allowed_updates; unset: Telegram's own choice
  std::int64_t last_error_at = 0;                        ///< Unix seconds; 0 for none
  std::string last_error = {};
};

/// What we want of a webhook.
struct WebhookRequest {
  std::string url = {};
  config::Secret secret = {};
  std::int64_t connections = 40;  ///< at once; Telegram's default
  std::string certificate = {};   ///< PEM of a self-signed one; "" for a certificate that everybody trusts
};

/// Whether two addresses are the same to Telegram, which writes a host in small letters and ends a bare one
/// with a slash.
bool same_webhook_url(std::string_view one, std::string_view other);

/// Reads a WebhookInfo. Pure.
WebhookState read_webhook_state(const json::Value& result);

/// The parameters of setWebhook: subscribed_updates(), and nothing that waits is dropped. With a certificate
/// they go out as multipart(). Pure.
json::Object webhook_parameters(const WebhookRequest& wanted);

/// The update that a webhook's request holds; nullopt when it holds none. Pure.
std::optional<RawUpdate> read_update(const std::string& body);

}  // namespace butler::telegram
