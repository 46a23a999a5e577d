#include "gateway/webhook_listener.hpp"

#include <openssl/crypto.h>

#include <utility>

#include "log/log.hpp"
#include "telegram/webhook.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

constexpr std::size_t largest_update = std::size_t{1} << 20U;
/// Anybody who finds the address can ask: one line in that time says enough.
constexpr std::chrono::minutes between_lines{1};

bool shows_secret(const http::RequestHead& head, const config::Secret& secret) {
  const auto shown = head.headers.find("x-telegram-bot-api-secret-token");
  const std::string& expected = secret.reveal();
  return shown && !expected.empty() && shown->size() == expected.size() &&
         CRYPTO_memcmp(shown->data(), expected.data(), expected.size()) == 0;
}

http::Response come_again() { return {.status = 503, .headers = {{"retry-after", "2"}}}; }

}  // namespace

std::variant<http::Response, http::BodyLimit> WebhookListener::admit(const http::RequestHead& head) {
  if (!shows_secret(head, secret_)) {
    note_stranger();
    return http::Response{.status = 401};
  }
  if (head.path() != path_) {
    ++counts_.refused;
    return http::Response{.status = 404};
  }
  if (head.method != "POST") {
    ++counts_.refused;
    return http::Response{.status = 405, .headers = {{"allow", "POST"}}};
  }
  if (closed_) {
    ++counts_.unavailable;
    return come_again();
  }
  return http::BodyLimit{largest_update};
}

asio::awaitable<void> WebhookListener::serve(http::Request request, http::Exchange& exchange) {
  auto update = telegram::read_update(request.body);
  http::Response answer;
  if (!update) {
    ++counts_.refused;
    log::error("webhook.unreadable", {{"bytes", request.body.size()}});
    answer.status = 400;
  } else {
    const bool kept = co_await intake_.take(*std::move(update));
    ++(kept ? counts_.taken : counts_.unavailable);
    if (kept) last_taken_ = domain::wall_clock_now();
    if (!kept) answer = come_again();
  }
  co_await exchange.send(std::move(answer));
}

void WebhookListener::close() {
  closed_ = true;
  intake_.close();
}

void WebhookListener::note_stranger() {
  ++counts_.strangers;
  const auto now = std::chrono::steady_clock::now();
  if (told_of_strangers_ && now - *told_of_strangers_ < between_lines) return;
  told_of_strangers_ = now;
  log::warn("webhook.stranger", {{"requests", counts_.strangers}});
}

}  // namespace butler::gateway
