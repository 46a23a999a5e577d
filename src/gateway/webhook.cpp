#include "gateway/webhook.hpp"

#include <utility>

#include "gateway/webhook_plan.hpp"
#include "http/server_tls.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

/// Telegram opens 40 at most; what is beyond are strangers, who can only be told 401.
constexpr std::size_t most_connections = 256;

http::ServerOptions server_options(std::shared_ptr<http::ServerTls> tls) {
  return {.header_bytes = std::size_t{16} * 1024, .tls = std::move(tls), .connections = most_connections};
}

telegram::WebhookRequest wanted_webhook(const config::WebhookSettings& settings, const WebhookDoor& door) {
  return {.url = settings.url,
          .secret = settings.secret,
          .certificate = door.tls && door.tls->is_self_signed() ? door.tls->certificate_text() : ""};
}

}  // namespace

std::optional<WebhookDoor> open_webhook_door(const config::WebhookSettings& settings) {
  if (!settings.enabled()) return std::nullopt;
  std::shared_ptr<http::ServerTls> tls;
  if (!settings.certificate.empty()) tls = http::ServerTls::from_files(settings.certificate, settings.key);
  return WebhookDoor{.socket = http::ListeningSocket::on_port(settings.host, settings.port),
                     .tls = std::move(tls)};
}

Webhook::Webhook(const asio::any_io_executor& executor, Parts parts, const config::WebhookSettings& settings,
                 WebhookDoor door, std::string fact, WebhookWatch::Options options,
                 std::function<void(const std::string&)> on_conflict)
    : intake_(executor,
              [&intake = parts.intake](const std::vector<telegram::RawUpdate>& batch) {
                intake.take(batch, domain::wall_clock_now(), Arrival::delivered);
              }),
      listener_(intake_, webhook_path(settings.url), settings.secret),
      server_(executor, server_options(door.tls), listener_),
      watch_(parts.api, parts.store, listener_, wanted_webhook(settings, door), std::move(fact), options,
             std::move(on_conflict)) {
  server_.listen(std::move(door.socket));
}

void Webhook::start(async::TaskGroup& tasks) {
  log::info("webhook.listening", {{"port", server_.port()}});
  tasks.spawn("webhook intake", intake_.run());
  tasks.spawn("webhook listener", server_.run());
}

asio::awaitable<void> Webhook::shut_down(std::chrono::milliseconds grace) {
  listener_.close();
  co_await server_.shut_down(grace);
}

}  // namespace butler::gateway
