#include "vm/qmp.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>

#include "async/event.hpp"

namespace butler::vm::qmp_test {
namespace {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;

/// One end of a pair of sockets is ours, QEMU's part is played on the other.
class QmpTest : public testing::Test {
 public:
  QmpTest() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) std::abort();
    qmp.emplace(http::Socket(context, asio::generic::stream_protocol(AF_UNIX, 0), ends[0]));
    qemu.assign(asio::generic::stream_protocol(AF_UNIX, 0), ends[1]);
  }

  void run(asio::awaitable<void> part) {
    asio::co_spawn(context, std::move(part), [](const std::exception_ptr& fault) {
      if (fault) std::rethrow_exception(fault);
    });
    context.run();
  }

  asio::awaitable<void> say(std::string lines) {
    co_await asio::async_write(qemu, asio::buffer(lines), asio::use_awaitable);
  }

  /// The state that the next MIGRATION event tells, or "none" when none comes.
  asio::awaitable<std::string> next_migration() {
    const auto first =
        co_await (qmp->wait_for_event("MIGRATION") || async::sleep_for(std::chrono::seconds{30}));
    if (first.index() == 1 || !std::get<0>(first)) co_return "none";
    co_return std::string{json::find_string(*std::get<0>(first), "status")};
  }

  asio::io_context context{1};
  std::optional<Qmp> qmp;
  http::Socket qemu{context};
};

TEST_F(QmpTest, AnEventThatComesBeforeAnAnswerIsNotLost) {
  run([](QmpTest& test) -> asio::awaitable<void> {
    co_await test.say(R"({"event": "MIGRATION", "data": {"status": "completed"}}
{"return": {"status": "active"}}
)");
    const auto answer = co_await test.qmp->execute("query-migrate");
    EXPECT_TRUE(answer);
    if (answer) EXPECT_EQ(json::find_string(*answer, "status"), "active");
    EXPECT_EQ(co_await test.next_migration(), "completed");
  }(*this));
}

TEST_F(QmpTest, EventsOfOtherNamesAreReadOver) {
  run([](QmpTest& test) -> asio::awaitable<void> {
    co_await test.say(R"({"event": "STOP"}
{"return": {}}
{"event": "RESUME"}
{"event": "MIGRATION", "data": {"status": "active"}}
)");
    EXPECT_TRUE(co_await test.qmp->execute("stop"));
    EXPECT_EQ(co_await test.next_migration(), "active");
  }(*this));
}

TEST_F(QmpTest, WhatQemuRefusesIsItsSentence) {
  run([](QmpTest& test) -> asio::awaitable<void> {
    co_await test.say("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such state\"}}\n");
    const auto answer = co_await test.qmp->execute("migrate-incoming");
    EXPECT_FALSE(answer);
    if (!answer) EXPECT_EQ(answer.error(), "QEMU: no such state");
  }(*this));
}

}  // namespace
}  // namespace butler::vm::qmp_test
