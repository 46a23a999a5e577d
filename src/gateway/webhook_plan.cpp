#include "gateway/webhook_plan.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include "digest/sha256.hpp"
#include "http/types.hpp"
#include "json/value.hpp"

namespace butler::gateway {

namespace {

/// Telegram keeps the last error for ever, also when deliveries work again.
constexpr std::chrono::minutes error_counts{5};

std::set<std::string> subscribed() {
  std::set<std::string> kinds;
  for (const json::Value& kind : telegram::webhook_parameters({}).at("allowed_updates").get_array())
    kinds.emplace(kind.get_string());
  return kinds;
}

bool has_our_updates(const telegram::WebhookState& there) {
  return there.updates && std::set<std::string>(there.updates->begin(), there.updates->end()) == subscribed();
}

}  // namespace

std::string webhook_fingerprint(const telegram::WebhookRequest& wanted) {
  return digest::sha256_hex(json::serialize(telegram::webhook_parameters(wanted)));
}

std::optional<std::string> reason_to_set_webhook(const telegram::WebhookRequest& wanted,
                                                 const telegram::WebhookState& there,
                                                 const std::optional<std::string>& remembered) {
  if (there.url.empty()) return "none was set";
  if (!telegram::same_webhook_url(there.url, wanted.url))
    return "another one was set, at " + webhook_host(there.url);
  if (remembered != webhook_fingerprint(wanted)) return "our settings have changed";
  if (!has_our_updates(there)) return "it was set for other kinds of updates";
  if (there.own_certificate != !wanted.certificate.empty()) return "it was set with another certificate";
  return std::nullopt;
}

std::string webhook_trouble(const telegram::WebhookState& there, std::optional<domain::Timestamp> received,
                            domain::Timestamp now) {
  if (there.last_error_at == 0 || there.pending_updates == 0) return "";
  const domain::Timestamp failed{std::chrono::seconds{there.last_error_at}};
  if (now - failed > error_counts || (received && *received > failed + std::chrono::seconds{1})) return "";
  return "Telegram cannot deliver updates to " + webhook_host(there.url) + ", " +
         std::to_string(there.pending_updates) + " wait there: " + there.last_error;
}

std::string webhook_fact(std::string_view telegram_root, std::int64_t bot_id) {
  return "webhook:" + std::string{telegram_root} + ":" + std::to_string(bot_id);
}

std::string webhook_path(const std::string& url) {
  const auto parsed = http::Url::parse(url);
  return parsed && !parsed->path.empty() ? parsed->path : "/";
}

std::string webhook_host(const std::string& url) {
  const auto parsed = http::Url::parse(url);
  return parsed ? parsed->host : "an address that is none";
}

}  // namespace butler::gateway
