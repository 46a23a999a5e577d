#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/fake_orchestrator.hpp"
#include "gateway/fake_telegram.hpp"
#include "gateway/gateway.hpp"
#include "gateway/store_test_support.hpp"

namespace butler::gateway {

/// The whole gateway between a fake Telegram and a fake orchestrator, on one event loop and real sockets.
/// kill() is what SIGKILL does; start() goes on with the same home.
class GatewayTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t owner = 42;
  static constexpr std::int64_t group = -1'005;

  GatewayTest() {
    settings.home = home.path();
    settings.orchestrator_url = orchestrator.url();
    settings.telegram_root = telegram.url();
    settings.gateway_token = config::Secret("gateway-token-0123456789");
    settings.bot_token = config::Secret(telegram.token);
    settings.owners = {owner};
    settings.prompt_max_chars = 100;
    settings.rate_limit_per_minute = 0;
    options.sending.timing.not_sent.initial = std::chrono::milliseconds{5};
    options.sending.timing.restarting.initial = std::chrono::milliseconds{5};
    options.sending.timing.uncertain_retry = std::chrono::milliseconds{30};
    options.sending.timing.flood_slack = std::chrono::milliseconds{0};
    options.sending.flood = {.chat_burst = 1'000, .group_messages = 1'000, .bot_calls = 1'000};
    options.polling.timing.ordinary.initial = std::chrono::milliseconds{5};
    options.polling.timing.conflict.initial = std::chrono::milliseconds{5};
    options.polling.timing.flood_slack = std::chrono::milliseconds{0};
    options.until_told_waiting = std::chrono::milliseconds{300};
    options.control_patience = std::chrono::milliseconds{200};
    settings.gather = std::chrono::milliseconds{0};
    servers.spawn("telegram", telegram.run());
    servers.spawn("orchestrator", orchestrator.run());
  }

  ~GatewayTest() override {
    kill();
    telegram.hold_sends = telegram.hold_downloads = orchestrator.hold_creates = false;
    telegram.changed.notify_all();
    orchestrator.changed.notify_all();
    servers.spawn("end of telegram", telegram.shut_down());
    servers.spawn("end of orchestrator", orchestrator.shut_down());
    until([&] { return servers.size() == 0; });
  }

  /// Runs the loop until the condition holds; false when it does not in a long time.
  template <class Condition>
  bool until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      io.restart();
      io.run_one_until(std::min(deadline, std::chrono::steady_clock::now() + std::chrono::milliseconds{20}));
    }
    return condition();
  }

  void start() {
    exit_status.reset();
    gateway = std::make_unique<Gateway>(io.get_executor(), settings, [this] { ++times_ready; }, options);
    running = true;
    boost::asio::co_spawn(io, gateway->run(),
                          boost::asio::bind_cancellation_slot(
                              cancel.slot(), [this](const std::exception_ptr& fault, int status) {
                                if (!fault) exit_status = status;
                                running = false;
                              }));
  }

  /// May be called from inside a server's hook: what the gateway was waiting for never comes.
  void cut() { cancel.emit(boost::asio::cancellation_type::terminal); }

  void kill() {
    if (!gateway) return;
    cut();
    ASSERT_TRUE(until([&] { return !running; }));
    gateway.reset();
  }

  void restart() {
    ASSERT_TRUE(until([&] { return !running; }));
    gateway.reset();
    start();
  }

  void say(std::string text, json::Object extra = {}, std::int64_t person = owner) {
    telegram.say(std::move(text), person, {{"id", person}, {"type", "private"}}, std::move(extra));
  }
  void say_in_group(std::string text, std::int64_t person = owner, json::Object extra = {}) {
    telegram.say(std::move(text), person, {{"id", group}, {"type", "supergroup"}}, std::move(extra));
  }

  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const auto& one : telegram.shown) all.push_back(one.text);
    return all;
  }

  std::vector<std::string> texts_in(std::int64_t chat_id) const {
    std::vector<std::string> all;
    for (const auto& one : telegram.shown) {
      if (one.chat_id == chat_id) all.push_back(one.text);
    }
    return all;
  }

  /// Waits until there are that many jobs.
  bool created(std::size_t count) {
    return until([&] { return orchestrator.created.size() == count; });
  }

  /// Runs the loop for that long: for what must not happen.
  void run_for(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_until(end);
    }
  }

  /// Waits until that many messages are in the chats, and everything has come to rest.
  bool shown(std::size_t count) {
    return until([&] { return telegram.shown.size() >= count; }) && at_rest();
  }

  /// Waits until Telegram's queue is confirmed and no delivery is open.
  bool at_rest() {
    return until([&] { return telegram.updates.empty() && orchestrator.undelivered.empty(); });
  }

  /// Says it, waits for the job, and lets an agent have it.
  void start_job(const std::string& prompt) {
    say(prompt);
    ASSERT_TRUE(until([&] { return std::ranges::count(orchestrator.created, prompt) == 1; }));
    orchestrator.run(orchestrator.job_with_prompt(prompt).id);
  }

  std::string short_id(std::string_view prompt) const {
    return domain::short_job_id(orchestrator.job_with_prompt(prompt).id);
  }

  boost::asio::io_context io{1};
  TempFolder home;
  FakeTelegram telegram{io};
  FakeOrchestrator orchestrator{io};
  async::TaskGroup servers{io.get_executor()};
  config::GatewaySettings settings;
  GatewayOptions options;
  boost::asio::cancellation_signal cancel;
  std::unique_ptr<Gateway> gateway;
  bool running = false;
  int times_ready = 0;
  std::optional<int> exit_status;
};

}  // namespace butler::gateway
