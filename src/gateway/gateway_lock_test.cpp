#include "gateway/gateway_lock.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>

#include "unit/postgres_server.hpp"

namespace butler::gateway::gateway_lock_test {

namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::int64_t bot = 700'001;

class GatewayLockTest : public ::testing::Test {
 protected:
  ~GatewayLockTest() override {
    io.restart();
    io.poll();
    test::PostgresServer::instance().drop_database(url);
  }

  GatewayDatabase open(std::int64_t bot_id) {
    GatewayLock lock(url, bot_id);
    if (!lock.try_take()) throw std::runtime_error("somebody has the lock");
    return std::move(lock).open(now);
  }

  /// Runs the task; `ended` says that it is over, `fault` how.
  void spawn(boost::asio::awaitable<void> task) {
    boost::asio::co_spawn(io, std::move(task), [this](std::exception_ptr thrown) {
      ended = true;
      fault = std::move(thrown);
    });
  }

  static std::string refusal_of(SqlGatewayStore& store) {
    try {
      store.set_next_offset(5);
      return "written";
    } catch (const std::exception& error) {
      EXPECT_EQ(dynamic_cast<const StoreFault*>(&error) == nullptr,
                std::string_view{error.what()}.contains("held"));
      return error.what();
    }
  }

  bool runs_to_the_end() {
    io.run_for(std::chrono::seconds{30});
    return ended;
  }

  std::string url = test::PostgresServer::instance().new_database();
  domain::Timestamp now{std::chrono::milliseconds{1'700'000'000'000}};
  boost::asio::io_context io{1};
  bool ended = false;
  std::exception_ptr fault;
};

TEST_F(GatewayLockTest, ASecondOneWaitsUntilTheSessionOfTheFirstEnds) {
  std::optional<GatewayDatabase> first = open(bot);
  GatewayLock second(url, bot);
  ASSERT_FALSE(second.try_take());
  EXPECT_THAT(second.holder(), HasSubstr("butler-gateway-"));
  spawn(second.take(io.get_executor()));
  io.poll();
  EXPECT_FALSE(ended);

  first.reset();
  ASSERT_TRUE(runs_to_the_end());
  ASSERT_FALSE(fault);
  auto taken_over = std::move(second).open(now);
  SqlGatewayStore store(taken_over, bot);
  store.set_next_offset(8);
  EXPECT_EQ(store.next_offset(), 8);
}

TEST_F(GatewayLockTest, AGatewayOfAnotherBotIsRefusedInTheSameDatabase) {
  const auto first = open(bot);
  EXPECT_THAT([&] { open(bot + 1); }, ThrowsMessage<std::runtime_error>(HasSubstr("a database of its own")));
}

TEST_F(GatewayLockTest, WhoHasLostItWritesNothingAnyMoreAndLearnsOfItAtOnce) {
  auto first = open(bot);
  SqlGatewayStore store(first, bot);
  store.set_next_offset(8);
  spawn(watch_connection(io.get_executor(), *first.server));
  io.poll();
  ASSERT_FALSE(ended);

  test::PostgresServer::instance().end_connections();
  ASSERT_TRUE(runs_to_the_end());
  EXPECT_THROW(std::rethrow_exception(fault), postgres::ConnectionLost);

  auto second = open(bot);
  SqlGatewayStore other(second, bot);
  // It is tried again once a second; the first new connection is one too many.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  std::string refusal;
  while (!refusal.contains("held the bot's lock") && std::chrono::steady_clock::now() < deadline) {
    refusal = refusal_of(store);
  }
  EXPECT_THAT(refusal, HasSubstr("held the bot's lock"));
  EXPECT_EQ(other.next_offset(), 8);
}

TEST(BotOfToken, IsTheNumberInFront) {
  EXPECT_EQ(bot_of_token("700001:AAbb-cc_dd"), bot);
  for (const char* wrong : {"", "700001", ":AA", "x:AA", "-5:AA"}) {
    EXPECT_THROW(bot_of_token(wrong), std::runtime_error) << wrong;
  }
}

}  // namespace

}  // namespace butler::gateway::gateway_lock_test
