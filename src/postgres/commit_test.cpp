#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "postgres/connection.hpp"
#include "unit/postgres_server.hpp"

namespace butler::postgres::commit_test {
namespace {

using testing::HasSubstr;

/// What is known of a transaction whose connection is cut.
class CommitTest : public testing::Test {
 protected:
  CommitTest() { connection.execute("CREATE TABLE notes (text text)"); }
  void TearDown() override { test::PostgresServer::instance().drop_database(address); }

  std::string address = test::PostgresServer::instance().new_database();
  Connection connection{{.url = address, .application = "butler-test"}};
};

TEST_F(CommitTest, WhatOnlyReadIsNotInDoubtWhenItsCommitIsCut) {
  connection.begin("SELECT pg_advisory_xact_lock(1)");
  Savepoint part(connection);
  connection.query("SELECT count(*) FROM notes");
  part.release();
  test::PostgresServer::instance().end_connections();
  EXPECT_THROW(connection.commit(), ConnectionLost);
}

TEST_F(CommitTest, WhatWasOrIsToBeWrittenIsInDoubt) {
  connection.begin();
  connection.query("INSERT INTO notes VALUES ('a')");
  test::PostgresServer::instance().end_connections();
  EXPECT_THROW(connection.commit(), CommitFailed);

  Connection second({.url = address, .application = "butler-test"});
  second.begin();
  second.query("SELECT 1");
  second.later("INSERT INTO notes VALUES ('b')");
  test::PostgresServer::instance().end_connections();
  EXPECT_THROW(second.commit(), CommitFailed);

  Connection third({.url = address, .application = "butler-test"});
  third.begin();
  third.query("WITH changed AS (INSERT INTO notes VALUES ('c') RETURNING 1) SELECT 1");
  test::PostgresServer::instance().end_connections();
  EXPECT_THROW(third.commit(), CommitFailed);
}

TEST_F(CommitTest, WhatTheServerGaveUpBeforeTheCommitIsNotInDoubt) {
  connection.execute("SET idle_in_transaction_session_timeout = '50ms'");
  connection.begin();
  connection.query("INSERT INTO notes VALUES ('a')");
  Connection other({.url = address, .application = "other"});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
  while (!other
              .query("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
                     "AND application_name = 'butler-test'")
              .empty()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  EXPECT_THROW(connection.commit(), ConnectionLost);
  EXPECT_EQ(other.query("SELECT count(*) FROM notes")[0].integer(0), 0);
}

TEST_F(CommitTest, NobodyWaitsForAServerThatDoesNotAnswer) {
  const int silent = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof place;
  ASSERT_EQ(::bind(silent, reinterpret_cast<sockaddr*>(&place), size), 0);
  ASSERT_EQ(::listen(silent, 8), 0);
  ASSERT_EQ(::getsockname(silent, reinterpret_cast<sockaddr*>(&place), &size), 0);
  const auto url =
      "postgresql://butler@127.0.0.1:" + std::to_string(::ntohs(place.sin_port)) + "/x?sslmode=disable";
  Connection lost({.url = url, .application = "butler-test"}, Connection::Later{});
  const auto start = std::chrono::steady_clock::now();
  for (int times = 0; times < 3; ++times) EXPECT_THROW(lost.begin(), ConnectionLost);
  // The whole attempt would take five seconds.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{4});
  EXPECT_FALSE(lost.connect(std::chrono::milliseconds{0}));
  ::close(silent);
  try {
    while (!lost.connect(std::chrono::milliseconds{10})) {
    }
    FAIL() << "nobody was there";
  } catch (const ConnectionLost& fault) {
    EXPECT_THAT(fault.what(), HasSubstr("is not reached"));
  }
}

}  // namespace
}  // namespace butler::postgres::commit_test
