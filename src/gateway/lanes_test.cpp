#include "gateway/lanes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <deque>
#include <map>

namespace butler::gateway::lanes_test {

namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Lane a{.chat_id = 1};
const Lane b{.chat_id = 1, .thread_id = 2};

class LanesTest : public ::testing::Test {
 protected:
  /// Takes one piece of work; a piece called "wait…" takes until `gate` opens.
  asio::awaitable<bool> step(Lane lane) {
    auto& queue = work[lane];
    if (queue.empty()) co_return false;
    const std::string piece = queue.front();
    queue.pop_front();
    begun.push_back(piece);
    if (piece.starts_with("wait")) co_await gate.wait();
    done.push_back(piece);
    co_return true;
  }

  void add(Lane lane, std::string piece) {
    work[lane].push_back(std::move(piece));
    lanes.wake(lane);
  }

  /// Until nothing is left to do.
  void settle() {
    context.restart();
    context.poll();
  }

  asio::io_context context{1};
  async::TaskGroup tasks{context.get_executor()};
  async::Event gate{context.get_executor()};
  std::map<Lane, std::deque<std::string>> work;
  std::vector<std::string> begun;
  std::vector<std::string> done;
  Lanes lanes{tasks, "lanes", [this](Lane lane) { return step(lane); }};
};

TEST_F(LanesTest, ALaneWorksInOrderOneAtATime) {
  add(a, "wait");
  add(a, "second");
  settle();
  EXPECT_THAT(begun, ElementsAre("wait"));

  gate.notify_all();
  settle();
  EXPECT_THAT(done, ElementsAre("wait", "second"));
  EXPECT_EQ(tasks.size(), 0U);
}

TEST_F(LanesTest, LanesDoNotWaitForEachOther) {
  add(a, "wait");
  add(b, "other");
  settle();
  EXPECT_THAT(done, ElementsAre("other"));

  gate.notify_all();
  settle();
  EXPECT_THAT(done, ElementsAre("other", "wait"));
}

TEST_F(LanesTest, WorkThatComesWhileALaneWorksIsDoneToo) {
  add(a, "wait");
  settle();
  add(a, "late");
  gate.notify_all();
  settle();
  EXPECT_THAT(done, ElementsAre("wait", "late"));
}

TEST_F(LanesTest, ALaneThatCameToItsEndStartsAgain) {
  add(a, "one");
  settle();
  EXPECT_EQ(tasks.size(), 0U);
  add(a, "two");
  settle();
  EXPECT_THAT(done, ElementsAre("one", "two"));
}

TEST_F(LanesTest, AWakeWithoutWorkDoesNothing) {
  lanes.wake(a);
  settle();
  EXPECT_THAT(done, IsEmpty());
  EXPECT_EQ(tasks.size(), 0U);
}

}  // namespace

}  // namespace butler::gateway::lanes_test
