#include "async/task_group.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

namespace butler::async::task_group_test {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;
using testing::ElementsAre;
using testing::IsEmpty;

class TaskGroupTest : public testing::Test {
 protected:
  static awaitable<void> wait_for(Event& event, int& ends) {
    struct Count {
      int& count;
      ~Count() { ++count; }
    } count{ends};
    co_await event.wait();
  }

  static awaitable<void> fail_with(std::string what) {
    throw std::runtime_error(what);
    co_return;
  }

  static awaitable<void> finish(int& ends) {
    ++ends;
    co_return;
  }

  static awaitable<void> join(TaskGroup& group, bool& joined) {
    co_await group.join();
    joined = true;
  }

  static awaitable<void> cancel_and_join(TaskGroup& group, bool& joined) {
    group.cancel();
    co_await group.join();
    joined = true;
  }

  /// Runs whatever can run now.
  void settle() {
    io.restart();
    io.poll();
  }

  void spawn_aside(awaitable<void> task) {
    boost::asio::co_spawn(io, std::move(task), [](const std::exception_ptr& fault) { EXPECT_FALSE(fault); });
  }

  boost::asio::io_context io{1};
  std::vector<std::string> faults;
  Event event{io.get_executor()};
  TaskGroup group{io.get_executor(), [this](std::string_view name, std::string_view what) {
                    faults.push_back(std::string{name} + ": " + std::string{what});
                  }};
  int ends = 0;
  bool joined = false;
};

TEST_F(TaskGroupTest, ATaskStartsAfterTheCallThatSpawnsItAndLeavesAtItsEnd) {
  group.spawn("task", finish(ends));
  EXPECT_EQ(ends, 0);
  EXPECT_EQ(group.size(), 1U);

  settle();

  EXPECT_EQ(ends, 1);
  EXPECT_EQ(group.size(), 0U);
}

TEST_F(TaskGroupTest, JoinReturnsWhenTheLastTaskHasEnded) {
  Event other{io.get_executor()};
  group.spawn("first", wait_for(event, ends));
  group.spawn("second", wait_for(other, ends));
  spawn_aside(join(group, joined));

  settle();
  event.notify_all();
  settle();
  EXPECT_FALSE(joined);
  other.notify_all();
  settle();

  EXPECT_TRUE(joined);
  EXPECT_EQ(ends, 2);
}

TEST_F(TaskGroupTest, JoiningAnEmptyGroupReturnsAtOnce) {
  spawn_aside(join(group, joined));
  settle();

  EXPECT_TRUE(joined);
}

TEST_F(TaskGroupTest, CancelEndsWhatTheTasksWaitForAndIsNoFault) {
  for (int i = 0; i < 3; ++i) group.spawn("task", wait_for(event, ends));
  settle();

  spawn_aside(cancel_and_join(group, joined));
  settle();

  EXPECT_TRUE(joined);
  EXPECT_EQ(ends, 3);
  EXPECT_THAT(faults, IsEmpty());
}

TEST_F(TaskGroupTest, CancelFromOutsideTheLoopMeetsATaskThatIsJustEnding) {
  group.spawn("ending", wait_for(event, ends));
  group.spawn("waiting", wait_for(event, ends));
  settle();

  event.notify_all();  // both ends are queued, ahead of the cancellation
  group.cancel();
  settle();

  EXPECT_EQ(ends, 2);
  EXPECT_EQ(group.size(), 0U);
}

TEST_F(TaskGroupTest, CancelReachesATaskThatHasNotStarted) {
  group.spawn("task", wait_for(event, ends));
  group.cancel();
  settle();

  EXPECT_EQ(group.size(), 0U);
  EXPECT_THAT(faults, IsEmpty());
}

TEST_F(TaskGroupTest, AFaultIsReportedWithTheTasksNameAndTheOthersGoOn) {
  group.spawn("other", wait_for(event, ends));
  group.spawn("broken", fail_with("out of cheese"));

  settle();

  EXPECT_THAT(faults, ElementsAre("broken: out of cheese"));
  EXPECT_EQ(group.size(), 1U);
  event.notify_all();
  settle();
  EXPECT_EQ(ends, 1);
}

TEST_F(TaskGroupTest, AGroupMayBeUsedAgainAfterAJoin) {
  spawn_aside(cancel_and_join(group, joined));
  settle();
  group.spawn("task", wait_for(event, ends));
  settle();
  EXPECT_EQ(group.size(), 1U);

  event.notify_all();
  settle();

  EXPECT_EQ(ends, 1);
}

}  // namespace
}  // namespace butler::async::task_group_test
