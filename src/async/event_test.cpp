#include "async/event.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <list>
#include <optional>

namespace butler::async::event_test {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;
using Clock = std::chrono::steady_clock;

class EventTest : public testing::Test {
 protected:
  static awaitable<void> wait(Event& event, int& woken) {
    co_await event.wait();
    ++woken;
  }

  static awaitable<void> wait_until(Event& event, Clock::time_point deadline, std::optional<bool>& in_time) {
    in_time = co_await event.wait_until(deadline);
  }

  static awaitable<void> sleep(std::chrono::milliseconds time, bool& over) {
    co_await sleep_for(time);
    over = true;
  }

  /// Starts a task that cancel() cancels; `fault` is set when it ends by an exception.
  void spawn(awaitable<void> task) {
    auto end = [this](std::exception_ptr error) { fault = std::move(error); };
    boost::asio::co_spawn(io, std::move(task),
                          boost::asio::bind_cancellation_slot(signals.emplace_back().slot(), std::move(end)));
  }

  void cancel() {
    boost::asio::post(io, [this] {
      for (auto& signal : signals) signal.emit(boost::asio::cancellation_type::terminal);
    });
  }

  void settle() {
    io.restart();
    io.poll();
  }

  boost::system::error_code fault_code() const {
    try {
      if (fault) std::rethrow_exception(fault);
    } catch (const boost::system::system_error& error) {
      return error.code();
    }
    return {};
  }

  boost::asio::io_context io{1};
  Event event{io.get_executor()};
  std::list<boost::asio::cancellation_signal> signals;
  std::exception_ptr fault;
  int woken = 0;
};

TEST_F(EventTest, ANotificationWakesEverybodyWhoWaits) {
  spawn(wait(event, woken));
  spawn(wait(event, woken));
  settle();
  EXPECT_EQ(woken, 0);

  event.notify_all();
  settle();

  EXPECT_EQ(woken, 2);
}

TEST_F(EventTest, ANotificationIsNotKeptForThoseWhoComeLater) {
  event.notify_all();
  spawn(wait(event, woken));
  settle();
  EXPECT_EQ(woken, 0);

  event.notify_all();
  settle();
  EXPECT_EQ(woken, 1);
}

TEST_F(EventTest, ADeadlineThatPassesAnswersFalse) {
  std::optional<bool> in_time;
  spawn(wait_until(event, Clock::now() + 1ms, in_time));

  io.restart();
  io.run_for(10s);

  EXPECT_EQ(in_time, false);
}

TEST_F(EventTest, ADeadlineInThePastAnswersFalse) {
  std::optional<bool> in_time;
  spawn(wait_until(event, Clock::now() - 1h, in_time));

  io.restart();
  io.run_for(10s);

  EXPECT_EQ(in_time, false);
}

TEST_F(EventTest, ANotificationBeforeTheDeadlineAnswersTrue) {
  std::optional<bool> in_time;
  spawn(wait_until(event, Clock::now() + 1h, in_time));
  settle();

  event.notify_all();
  settle();

  EXPECT_EQ(in_time, true);
}

TEST_F(EventTest, CancellingTheTaskThrowsAndLeavesNoWaiterBehind) {
  spawn(wait(event, woken));
  settle();

  cancel();
  settle();

  EXPECT_EQ(fault_code(), boost::asio::error::operation_aborted);
  event.notify_all();
  settle();
  EXPECT_EQ(woken, 0);
}

TEST_F(EventTest, SleepIsOverAfterItsTimeOrByCancellation) {
  bool over = false;
  spawn(sleep(1ms, over));
  io.restart();
  io.run_for(10s);
  EXPECT_TRUE(over);

  over = false;
  spawn(sleep(1h, over));
  settle();
  cancel();
  settle();
  EXPECT_FALSE(over);
  EXPECT_EQ(fault_code(), boost::asio::error::operation_aborted);
}

}  // namespace
}  // namespace butler::async::event_test
