#include "admin/admin_socket.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

#include "async/task_group.hpp"
#include "http/client.hpp"
#include "http/socket_test_support.hpp"
#include "unit/temp_folder.hpp"

namespace butler::admin::admin_socket_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Administration : public testing::Test {
 protected:
  Administration() {
    registry.counter({"butler_things_total", "Things."}).add(3);
    socket.add(health_route("gateway", [] { return json::Object{{"ok", false}, {"waiting", 2}}; }));
    socket.add(metrics_route(registry));
    socket.add({.method = "POST", .path = "/pairings/:id/approve", .handler = [](const Call& call) {
                  return json_response(
                      200, json::Object{{"id", call.parameters.front()}, {"body", call.request.body}});
                }});
    socket.add({.method = "GET", .path = "/fault", .handler = [](const Call&) -> http::Response {
                  throw std::runtime_error("broken");
                }});
    background.spawn("admin", socket.run());
  }

  ~Administration() override { stop(); }

  void stop() {
    background.cancel();
    http::test::run(io, background.join());
  }

  http::Response ask(std::string method, std::string target, std::string body = "") {
    struct Call {
      static boost::asio::awaitable<void> run(http::Client& client, http::Request request,
                                              http::Response& response) {
        auto answer = co_await client.send(std::move(request), 10s);
        if (!answer) throw std::runtime_error(answer.error().message);
        response = std::move(*answer);
      }
    };
    http::Client client(io.get_executor(), http::Url::on_socket(path));
    http::Response response;
    http::Request request{.head = {.method = std::move(method), .target = std::move(target)},
                          .body = std::move(body)};
    http::test::run(io, Call::run(client, std::move(request), response));
    return response;
  }

  boost::asio::io_context io{1};
  test::TempFolder folder;
  std::filesystem::path path = folder.path() / "gateway.sock";
  metrics::Registry registry;
  AdminSocket socket{io.get_executor(), http::ListeningSocket::on_path(path)};
  async::TaskGroup background{io.get_executor()};
};

TEST_F(Administration, HealthNamesTheRoleAndWhatTheRoleAdds) {
  const auto answer = ask("GET", "/health");

  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr(R"({"ok":false,"role":"gateway","ts":"20)"));
  EXPECT_THAT(answer.body, HasSubstr(R"("waiting":2)"));
}

TEST_F(Administration, MetricsAreTheRegistrysText) {
  const auto answer = ask("GET", "/metrics");

  EXPECT_EQ(answer.headers.find("content-type"), metrics::Registry::content_type);
  EXPECT_THAT(answer.body, HasSubstr("butler_things_total 3\n"));
}

TEST_F(Administration, AHandlerSeesParametersAndBody) {
  const auto answer = ask("POST", "/pairings/4%202/approve", R"({"a":1})");

  EXPECT_EQ(answer.body, R"({"id":"4 2","body":"{\"a\":1}"})");
}

TEST_F(Administration, WhatIsNotThereIsToldApart) {
  EXPECT_EQ(ask("GET", "/nothing").status, 404);
  EXPECT_EQ(ask("DELETE", "/health").status, 405);
  EXPECT_EQ(ask("POST", "/pairings/1/approve", std::string(70'000, 'x')).status, 413);
}

TEST_F(Administration, AFaultOfAHandlerIsAnswered) {
  EXPECT_EQ(ask("GET", "/fault").status, 500);
  EXPECT_EQ(ask("GET", "/health").status, 200);
}

TEST_F(Administration, TheFileGoesWithTheTask) {
  ask("GET", "/health");
  ASSERT_TRUE(std::filesystem::exists(path));

  stop();

  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace butler::admin::admin_socket_test
