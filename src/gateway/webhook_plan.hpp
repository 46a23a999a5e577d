#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/timestamp.hpp"
#include "telegram/webhook.hpp"

/// What is decided about the webhook from what Telegram says of it. Pure.
namespace butler::gateway {

/// What tells one setting of the webhook from another, and neither the secret nor the certificate: those
/// Telegram does not show.
std::string webhook_fingerprint(const telegram::WebhookRequest& wanted);

/// Why setWebhook has to be called, as the end of a sentence; nullopt when Telegram has all as we want it.
/// @param remembered  the fingerprint of what we have set last
std::optional<std::string> reason_to_set_webhook(const telegram::WebhookRequest& wanted,
                                                 const telegram::WebhookState& there,
                                                 const std::optional<std::string>& remembered);

/// The operator's sentence when Telegram does not get rid of its updates; "" when all is well.
/// @param received  when the last update came to us, if one did
std::string webhook_trouble(const telegram::WebhookState& there, std::optional<domain::Timestamp> received,
                            domain::Timestamp now);

/// Where the store remembers which address we have set (name + ":url") and how (name + ":set").
std::string webhook_fact(std::string_view telegram_root, std::int64_t bot_id);

/// The path that Telegram's deliveries have: that of the address.
std::string webhook_path(const std::string& url);

/// Host and path may tell a secret of somebody's; the host alone says whose an address is.
std::string webhook_host(const std::string& url);

}  // namespace butler::gateway
