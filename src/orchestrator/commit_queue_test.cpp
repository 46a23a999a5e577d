#include "orchestrator/commit_queue.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "store/job_store_fixture.hpp"

namespace butler::orchestrator::commit_queue_test {
namespace {

namespace asio = boost::asio;

class CommitQueueTest : public testing::Test {
 protected:
  CommitQueueTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    arriving.assign(ends[0]);
    sender.assign(ends[1]);
  }

  asio::awaitable<void> write(int number) {
    co_await commits.run([this, number] { seen.push_back(number); });
    ended_together.push_back(seen.size());
  }

  asio::awaitable<void> write_when_it_arrives() {
    co_await arriving.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    co_await write(2);
  }

  store::SqlitePlace place;
  std::unique_ptr<store::JobStore> store = place.open();
  asio::io_context context{1};
  Touched touched;
  Measures measures;
  CommitQueue commits{context.get_executor(), *store, touched, measures, [] {}, [] {}, [] {}};
  asio::posix::stream_descriptor arriving{context};
  asio::posix::stream_descriptor sender{context};
  std::vector<int> seen;
  std::vector<std::size_t> ended_together;  ///< how many had been run when each was answered
};

// What is in a socket already must not wait until this batch, and then another one, is on the disk.
TEST_F(CommitQueueTest, WhatHasArrivedWhenABatchBeginsBelongsToIt) {
  asio::co_spawn(context, write_when_it_arrives(), asio::detached);
  asio::post(context, [this] {
    asio::co_spawn(context, write(1), asio::detached);
    asio::post(context, [this] { EXPECT_EQ(::write(sender.native_handle(), "x", 1), 1); });
  });
  context.run();
  EXPECT_EQ(seen, (std::vector{1, 2}));
  EXPECT_EQ(ended_together, (std::vector<std::size_t>{2, 2})) << "one transaction";
}

}  // namespace
}  // namespace butler::orchestrator::commit_queue_test
