#include "orchestrator/commit_queue.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <thread>

#include "orchestrator/no_exchange.hpp"
#include "store/faulty_job_store.hpp"
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
    co_await commits.run([this, number] {
      seen.push_back(number);
      store.prove_writable();
    });
    ended_together.push_back(seen.size());
  }

  asio::awaitable<void> write_when_it_arrives() {
    co_await arriving.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    co_await write(2);
  }

  asio::awaitable<void> pause() {
    co_await commits.run([this] { store.set_admin_state({.paused = true}); });
    committed = true;
  }

  Answer look_for_pause(bool last) {
    if (store.admin_state().paused || last)
      return http::Response{.status = store.admin_state().paused ? 200 : 204};
    return Park{.topics = {{Topic::Kind::job, "admin"}},
                .deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1},
                .again = [this](Waking) -> std::optional<http::Response> {
                  if (!store.admin_state().paused) return std::nullopt;
                  return http::Response{.status = 200};
                }};
  }

  /// What a reader is told, and what that had to wait for.
  asio::awaitable<void> read(bool last, std::function<void()> then) {
    NoExchange exchange;
    read_status =
        (co_await commits.answer_reading([this, last] { return look_for_pause(last); }, exchange)).status;
    committed_before_read = committed;
    then();
  }

  /// The disk has shown that it is slow, and the next commit is on its way until `released`.
  void make_disk_slow() {
    store.before_commit(
        [] { std::this_thread::sleep_for(CommitPace::bound + std::chrono::milliseconds{1}); });
    asio::co_spawn(context, write(1), asio::detached);
    context.run();
    context.restart();
    store.before_commit([this] {
      asio::post(context, [this] {
        if (while_committing) while_committing();
      });
      EXPECT_EQ(released.get_future().wait_for(std::chrono::seconds{20}), std::future_status::ready);
    });
  }

  store::SqlitePlace place;
  std::unique_ptr<store::JobStore> opened_store = place.open();
  store::FaultyJobStore store{*opened_store};
  asio::io_context context{1};
  Touched touched;
  Measures measures;
  CommitQueue commits{context.get_executor(), store, touched, measures, [] {}, [] {}, [] {}};
  asio::posix::stream_descriptor arriving{context};
  asio::posix::stream_descriptor sender{context};
  std::function<void()> while_committing;
  std::promise<void> released;
  bool committed = false;
  std::optional<bool> committed_before_read;
  int read_status = 0;
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

TEST_F(CommitQueueTest, WhoReadsDoesNotWaitForASlowCommit) {
  make_disk_slow();
  while_committing = [this] {
    asio::co_spawn(context, read(true, [this] { released.set_value(); }), asio::detached);
  };
  asio::co_spawn(context, pause(), asio::detached);
  context.run();
  EXPECT_EQ(read_status, 204) << "what is not committed is not seen";
  EXPECT_EQ(committed_before_read, false);
  EXPECT_TRUE(committed);
}

TEST_F(CommitQueueTest, WhoWaitsToReadIsToldAfterTheCommit) {
  make_disk_slow();
  touched.touch({Topic::Kind::job, "admin"});
  while_committing = [this] {
    asio::co_spawn(context, read(false, [] {}), asio::detached);
    asio::post(context, [this] {
      EXPECT_EQ(commits.parked(), 1U);
      released.set_value();
    });
  };
  asio::co_spawn(context, pause(), asio::detached);
  context.run();
  EXPECT_EQ(read_status, 200);
  EXPECT_EQ(committed_before_read, true);
}

TEST_F(CommitQueueTest, WhoWritesWhileACommitIsOnItsWayJoinsTheNextBatch) {
  make_disk_slow();
  while_committing = [this] {
    asio::co_spawn(context, write(2), asio::detached);
    asio::post(context, [this] {
      EXPECT_EQ(seen, (std::vector{1})) << "the store is not asked while another thread has it";
      store.before_commit({});
      released.set_value();
    });
  };
  asio::co_spawn(context, pause(), asio::detached);
  context.run();
  EXPECT_EQ(seen, (std::vector{1, 2}));
  EXPECT_TRUE(committed);
}

TEST_F(CommitQueueTest, WhoWaitsForACommitThatFailsIsTold) {
  make_disk_slow();
  std::vector<bool> done;
  const auto write_too = [&]() -> asio::awaitable<void> { done.push_back(co_await commits.run([] {})); };
  while_committing = [&] {
    asio::co_spawn(context, write_too(), asio::detached);
    asio::post(context, [this] {
      store.fail_at_commit(store::FaultyJobStore::When::before);
      released.set_value();
    });
  };
  asio::co_spawn(context, write_too(), asio::detached);
  asio::co_spawn(context, pause(), asio::detached);
  context.run();
  EXPECT_EQ(done, (std::vector{false, false}));
}

TEST_F(CommitQueueTest, WhatParksAndIsThenRefusedByTheStoreIsToldAtOnce) {
  bool refused = false;
  const auto ask = [&]() -> asio::awaitable<void> {
    NoExchange exchange;
    try {
      co_await commits.answer([this] { return look_for_pause(false); }, exchange);
    } catch (const StoreAway&) {
      refused = true;
    }
  };
  store.fail_at(1, store::FaultyJobStore::When::after, false);  // the unit, when its work is done
  asio::co_spawn(context, ask(), asio::detached);
  context.run();
  EXPECT_TRUE(refused);
  EXPECT_EQ(commits.parked(), 0U);
}

}  // namespace
}  // namespace butler::orchestrator::commit_queue_test
