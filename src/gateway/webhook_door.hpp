#pragma once

#include <memory>
#include <optional>

#include "config/settings.hpp"
#include "http/listening_socket.hpp"

namespace butler::http {
class ServerTls;
}

namespace butler::gateway {

/// Where the webhook's listener stands: opened while the process can still read its key and take its port.
struct WebhookDoor {
  http::ListeningSocket socket;
  std::shared_ptr<http::ServerTls> tls;  ///< null for plain HTTP
};

/// Opens the door that the settings name; nullopt without a webhook. Throws std::runtime_error with a
/// sentence when the port is taken or the certificate's files will not do.
std::optional<WebhookDoor> open_webhook_door(const config::WebhookSettings& settings);

}  // namespace butler::gateway
