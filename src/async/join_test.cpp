#include "async/join.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace butler::async::join_test {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

/// Its end takes a turn of the event loop, also when it is cancelled.
awaitable<void> wait_for(Event& event, int& ends) {
  bool cancelled = false;
  try {
    co_await event.wait();
  } catch (const boost::system::system_error&) {
    cancelled = true;
  }
  if (cancelled) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds{1});
    co_await timer.async_wait(asio::use_awaitable);
  }
  ++ends;
}

class JoinTest : public testing::Test {
 protected:
  awaitable<void> work() {
    TaskGroup inner(io.get_executor());
    inner.spawn("first", wait_for(event, ends));
    inner.spawn("second", wait_for(event, ends));
    co_await join_or_cancel(inner, [this] { told = true; });
    ends_when_joined = ends;
  }

  asio::io_context io{1};
  Event event{io.get_executor()};
  TaskGroup outer{io.get_executor()};
  int ends = 0;
  int ends_when_joined = -1;
  bool told = false;
};

TEST_F(JoinTest, ItReturnsWhenNoTaskIsLeft) {
  outer.spawn("work", work());
  io.poll();
  EXPECT_EQ(ends_when_joined, -1);

  event.notify_all();
  io.restart();
  io.run();

  EXPECT_EQ(ends_when_joined, 2);
  EXPECT_FALSE(told);
}

TEST_F(JoinTest, ACancelledCallerCancelsTheTasksAndStillWaitsForThem) {
  outer.spawn("work", work());
  io.poll();

  outer.cancel();
  io.restart();
  io.run();

  EXPECT_EQ(ends_when_joined, 2);
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace butler::async::join_test
