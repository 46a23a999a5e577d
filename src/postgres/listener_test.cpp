#include "postgres/listener.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "async/task_group.hpp"
#include "unit/postgres_server.hpp"

namespace butler::postgres::listener_test {
namespace {

class ListenerTest : public testing::Test {
 protected:
  ListenerTest() { tasks.spawn("listener", listener.run()); }
  void TearDown() override { test::PostgresServer::instance().drop_database(address); }

  void run_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      context.run_one_for(std::chrono::milliseconds{100});
    }
  }

  Target target() const { return {.url = address, .application = "listener-test"}; }

  std::string address = test::PostgresServer::instance().new_database();
  boost::asio::io_context context{1};
  std::vector<std::string> heard;
  int listening = 0;
  Listener listener{
      context.get_executor(),
      target(),
      {"one", "two"},
      {.heard = [this](const Notification& one) { heard.push_back(one.channel + ":" + one.payload); },
       .listening = [this] { ++listening; }}};
  async::TaskGroup tasks{context.get_executor()};
};

TEST_F(ListenerTest, WhatOthersNotifyIsHeardInItsOrder) {
  run_until([&] { return listening == 1; });
  Connection other(target());
  other.begin();
  other.query("SELECT pg_notify('one', $1)", "first");
  other.query("NOTIFY three, 'of no interest'");
  other.query("SELECT pg_notify('two', $1)", "second");
  other.commit();
  run_until([&] { return heard.size() == 2; });
  EXPECT_EQ(heard, (std::vector<std::string>{"one:first", "two:second"}));
}

TEST_F(ListenerTest, AfterALossItListensAgainAndSaysThatSomethingCanHaveBeenMissed) {
  run_until([&] { return listening == 1; });
  test::PostgresServer::instance().end_connections();
  run_until([&] { return listening == 2; });
  Connection(target()).query("NOTIFY one, 'again'");
  run_until([&] { return !heard.empty(); });
  EXPECT_EQ(heard, (std::vector<std::string>{"one:again"}));
}

}  // namespace
}  // namespace butler::postgres::listener_test
