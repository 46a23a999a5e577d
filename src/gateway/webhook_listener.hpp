#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "config/secret.hpp"
#include "domain/timestamp.hpp"
#include "gateway/webhook_intake.hpp"
#include "http/server.hpp"

namespace butler::gateway {

/// What the webhook's listener has seen.
struct WebhookCounts {
  std::int64_t taken = 0;        ///< updates that are on disk, those that were known included
  std::int64_t strangers = 0;    ///< requests without the secret
  std::int64_t refused = 0;      ///< requests with it that were no update
  std::int64_t unavailable = 0;  ///< updates that Telegram was asked to keep
};

/// Answers Telegram's deliveries. Who does not show the secret gets 401 and no word, before a byte of the
/// body is read; whatever else is asked, only the secret's holder learns what is there. An update is answered
/// 200, with an empty body, once it is on disk; 503 asks Telegram to come again.
class WebhookListener final : public http::Application {
 public:
  /// With an empty secret nobody is let in.
  WebhookListener(WebhookIntake& intake, std::string path, config::Secret secret)
      : intake_(intake), path_(std::move(path)), secret_(std::move(secret)) {}

  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead& head) override;
  boost::asio::awaitable<void> serve(http::Request request, http::Exchange& exchange) override;

  /// From now on updates stay at Telegram.
  void close();

  const WebhookCounts& counts() const { return counts_; }
  /// When the last update came; nullopt before the first.
  std::optional<domain::Timestamp> last_taken() const { return last_taken_; }

 private:
  void note_stranger();

  WebhookIntake& intake_;
  std::string path_;
  config::Secret secret_;
  WebhookCounts counts_;
  std::optional<domain::Timestamp> last_taken_;
  std::optional<std::chrono::steady_clock::time_point> told_of_strangers_;
  bool closed_ = false;
};

}  // namespace butler::gateway
