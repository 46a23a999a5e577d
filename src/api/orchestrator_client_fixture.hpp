#pragma once

#include <gtest/gtest.h>

#include "api/orchestrator_client.hpp"
#include "async/event.hpp"
#include "async/task_group.hpp"
#include "http/server.hpp"
#include "http/socket_test_support.hpp"

namespace butler::api::testing_support {

using namespace std::chrono_literals;
using boost::asio::awaitable;

inline constexpr auto job_text =
    R"({"id":"j1","kind":"task","status":"running","prompt":"hi","channel":"telegram","chatId":"c","requesterId":"r",)"
    R"("sessionKey":"s","requiresApproval":false,"abortRequested":false,"attempt":1,"maxAttempts":3,)"
    R"("createdAt":"2026-11-22T09:54:39.123Z","updatedAt":"2026-11-22T09:54:40.000Z")";

inline std::string job_json(std::string_view more = "") {
  return std::string{job_text}.append(more).append("}");
}

/// Gives the answer that the test has put there, and keeps what was asked.
class ScriptedOrchestrator : public http::Application {
 public:
  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead&) override {
    return http::BodyLimit{std::size_t{32} << 20U};
  }

  awaitable<void> serve(http::Request request, http::Exchange& exchange) override {
    asked = std::move(request);
    if (is_silent) co_await async::sleep_for(std::chrono::hours{1});
    co_await exchange.send(answer);
  }

  std::string line() const { return asked.head.method + " " + asked.head.target; }
  std::string header(std::string_view name) const {
    return std::string{asked.head.headers.find(name).value_or("-")};
  }

  http::Request asked;
  http::Response answer;
  bool is_silent = false;
};

class OrchestratorClientTest : public testing::Test {
 protected:
  OrchestratorClientTest() { background.spawn("server", server.run()); }

  ~OrchestratorClientTest() override {
    http::test::run(io, server.shut_down(0ms));
    http::test::run(io, background.join());
  }

  static http::Url base(http::Server& listener) {
    listener.listen();
    return {.tls = false, .host = "127.0.0.1", .port = std::to_string(listener.port())};
  }

  void answer(int status, std::string body) {
    orchestrator.answer = {.status = status, .body = std::move(body)};
  }

  template <class T>
  std::expected<T, CallError> run(Call<T> call) {
    std::optional<std::expected<T, CallError>> result;
    http::test::run(io, keep(std::move(call), result));
    if (!result) throw std::runtime_error("the call gave nothing");
    return *std::move(result);
  }

  template <class T>
  static awaitable<void> keep(Call<T> call, std::optional<std::expected<T, CallError>>& result) {
    result.emplace(co_await std::move(call));
  }

  boost::asio::io_context io{1};
  ScriptedOrchestrator orchestrator;
  http::Server server{io.get_executor(), {}, orchestrator};
  async::TaskGroup background{io.get_executor()};
  OrchestratorClient client{io.get_executor(), base(server), "the-token"};
};

}  // namespace butler::api::testing_support
