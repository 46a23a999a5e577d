#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "postgres/address.hpp"
#include "postgres/connection.hpp"
#include "postgres/migrations.hpp"
#include "unit/postgres_server.hpp"

namespace butler::postgres::postgres_test {
namespace {

using domain::EmbeddedFile;
using testing::HasSubstr;

class PostgresTest : public testing::Test {
 protected:
  void TearDown() override { test::PostgresServer::instance().drop_database(address); }

  Target target() const { return {.url = address, .application = "butler-test"}; }

  static std::int64_t count(Connection& connection, const std::string& table) {
    return connection.query("SELECT count(*) FROM " + table)[0].integer(0);
  }

  /// As its owner would: asks again while the server is away, and gives up after a minute.
  static void wait_until_reached(Connection& connection) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
    for (;;) {
      try {
        connection.query("SELECT 1");
        return;
      } catch (const ConnectionLost&) {
        if (std::chrono::steady_clock::now() > deadline) throw;
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
      }
    }
  }

  std::string address = test::PostgresServer::instance().new_database();
  domain::Timestamp now{std::chrono::milliseconds{1'700'000'000'000}};
};

constexpr EmbeddedFile first{"0001_first.sql", "CREATE TABLE notes (text text NOT NULL);"};
constexpr EmbeddedFile second{"0002_second.sql", "ALTER TABLE notes ADD COLUMN author text;"};
constexpr EmbeddedFile second_broken{"0002_second.sql",
                                     "ALTER TABLE notes ADD COLUMN author text; NONSENSE;"};
constexpr EmbeddedFile second_edited{"0002_second.sql", "ALTER TABLE notes ADD COLUMN writer text;"};

TEST_F(PostgresTest, ValuesComeBackAsTheyWere) {
  Connection connection(target());
  const auto rows = connection.query("SELECT $1::bigint, $2::text, $3::text, $4::int, $5::text", INT64_MIN,
                                     "a 'quoted' \xF0\x9F\x98\x80\n", std::optional<std::string>{}, true, "");
  ASSERT_EQ(rows.size(), 1);
  EXPECT_EQ(rows[0].integer(0), INT64_MIN);
  EXPECT_EQ(rows[0].text(1), "a 'quoted' \xF0\x9F\x98\x80\n");
  EXPECT_TRUE(rows[0].is_null(2));
  EXPECT_EQ(rows[0].optional_string(2), std::nullopt);
  EXPECT_EQ(rows[0].integer(3), 1);
  EXPECT_EQ(rows[0].optional_string(4), "");
}

TEST_F(PostgresTest, WhatPostgresCannotKeepIsReplacedAndNotCut) {
  Connection connection(target());
  EXPECT_EQ(connection.query("SELECT $1::text", std::string("a\0b", 3))[0].text(0),
            "a\xEF\xBF\xBD"
            "b");
}

TEST_F(PostgresTest, WhatIsCommittedIsThereForOthersAndWhatIsLeftIsUndone) {
  Connection connection(target());
  connection.execute("CREATE TABLE notes (text text)");
  {
    Transaction transaction(connection);
    connection.later("INSERT INTO notes VALUES ($1)", "kept");
    transaction.commit();
  }
  {
    const Transaction transaction(connection);
    connection.query("INSERT INTO notes VALUES ($1)", "lost");
  }
  Connection other(target());
  EXPECT_EQ(other.query("SELECT text FROM notes")[0].text(0), "kept");
  EXPECT_EQ(count(other, "notes"), 1);
}

TEST_F(PostgresTest, ACommitSaysWhetherAnythingWasWritten) {
  Connection connection(target());
  connection.execute("CREATE TABLE notes (text text)");
  connection.begin();
  EXPECT_FALSE(connection.commit());
  connection.begin();
  count(connection, "notes");
  EXPECT_FALSE(connection.commit());
  connection.begin();
  connection.later("INSERT INTO notes VALUES ('a')");
  EXPECT_TRUE(connection.commit());
}

TEST_F(PostgresTest, APartThatFailsTakesOnlyItsOwnWritesWithIt) {
  Connection connection(target());
  connection.execute("CREATE TABLE notes (text text PRIMARY KEY)");
  const auto add = [&](const std::string& text) {
    Savepoint part(connection);
    connection.later("INSERT INTO notes VALUES ($1)", text);
    part.release();
  };
  connection.begin();
  add("a");
  EXPECT_THROW(add("a"), UniqueViolation);
  EXPECT_TRUE(connection.in_transaction());
  {
    const Savepoint given_up(connection);
    connection.later("INSERT INTO notes VALUES ('never sent')");
  }
  {
    const Savepoint given_up(connection);
    connection.query("INSERT INTO notes VALUES ('sent')");
  }
  add("b");
  {
    Savepoint(connection).release();
  }
  connection.commit();
  const auto rows = connection.query("SELECT text FROM notes ORDER BY text");
  ASSERT_EQ(rows.size(), 2);
  EXPECT_EQ(rows[0].text(0), "a");
  EXPECT_EQ(rows[1].text(0), "b");
}

TEST_F(PostgresTest, APartThatIsGivenUpTakesThePartsInItAlong) {
  Connection connection(target());
  connection.execute("CREATE TABLE notes (text text PRIMARY KEY)");
  connection.begin();
  {
    const Savepoint outer(connection);
    connection.query("INSERT INTO notes VALUES ('outer')");
    Savepoint inner(connection);
    connection.query("INSERT INTO notes VALUES ('inner')");
    inner.release();
  }
  connection.query("INSERT INTO notes VALUES ('after')");
  connection.commit();
  const auto rows = connection.query("SELECT text FROM notes");
  ASSERT_EQ(rows.size(), 1);
  EXPECT_EQ(rows[0].text(0), "after");
}

TEST_F(PostgresTest, AFaultOutsideAPartEndsTheTransactionAndTheCommitSaysSo) {
  Connection connection(target());
  connection.execute("CREATE TABLE notes (text text PRIMARY KEY)");
  connection.begin();
  connection.query("INSERT INTO notes VALUES ('a')");
  EXPECT_THROW(connection.query("INSERT INTO notes VALUES ('a')"), UniqueViolation);
  EXPECT_FALSE(connection.in_transaction());
  EXPECT_THROW(connection.commit(), CommitFailed);
  EXPECT_EQ(count(connection, "notes"), 0);
}

TEST_F(PostgresTest, AStatementThatIsWrongIsWrongEachTimeAndHarmsNoOther) {
  Connection connection(target());
  EXPECT_THROW(connection.query("SELECT nonsense"), Error);
  EXPECT_THROW(connection.query("SELECT nonsense"), Error);
  connection.later("SELECT 1");
  EXPECT_THROW(connection.query("SELECT nonsense"), Error);
  connection.execute("CREATE TABLE nonsense (a int)");
  EXPECT_EQ(count(connection, "nonsense"), 0);
}

TEST_F(PostgresTest, TwoThatWaitForEachOtherAreToldApart) {
  Connection one(target());
  Connection other(target());
  one.execute("CREATE TABLE notes (text text PRIMARY KEY); INSERT INTO notes VALUES ('a')");
  one.begin();
  one.query("SELECT 1 FROM notes FOR UPDATE");
  other.execute("SET lock_timeout = '50ms'");
  EXPECT_THROW(other.query("SELECT 1 FROM notes FOR UPDATE"), Conflict);
  EXPECT_TRUE(other.query("SELECT 1 FROM notes FOR UPDATE SKIP LOCKED").empty());
}

TEST_F(PostgresTest, ALostConnectionIsMadeAgainButNeverInsideATransaction) {
  Connection connection(target());
  connection.execute("CREATE TABLE notes (text text)");
  connection.begin();
  connection.query("INSERT INTO notes VALUES ('lost')");
  test::PostgresServer::instance().end_connections();
  EXPECT_THROW(connection.query("INSERT INTO notes VALUES ('a')"), ConnectionLost);
  EXPECT_THROW(connection.query("INSERT INTO notes VALUES ('b')"), ConnectionLost);
  EXPECT_FALSE(connection.in_transaction());
  EXPECT_THROW(connection.commit(), CommitFailed);
  wait_until_reached(connection);
  EXPECT_EQ(count(connection, "notes"), 0);
}

TEST_F(PostgresTest, WhileTheServerIsAwayCallsFailAtOnceAndLaterWorkAgain) {
  int connected = 0;
  auto counted = target();
  counted.on_connect = [&connected](Connection&) { ++connected; };
  Connection connection(counted);
  auto& server = test::PostgresServer::instance();
  server.stop(SIGQUIT);
  EXPECT_THROW(connection.query("SELECT 1"), ConnectionLost);
  EXPECT_THROW(connection.begin(), ConnectionLost);
  EXPECT_FALSE(connection.in_transaction());
  server.start();
  wait_until_reached(connection);
  connection.begin();
  connection.query("SELECT 1");
  connection.commit();
  EXPECT_EQ(connected, 2);
}

TEST_F(PostgresTest, AFaultOfTheAddressNeverShowsThePassword) {
  for (const auto* const url :
       {"postgresql://u:hunter22hunter@127.0.0.1:1/d", "postgresql://u:hunter22hunter@[::1/d",
        "hunter22hunter", "postgresql://u:hunter22hunter@h/d?nonsense=1"}) {
    try {
      Connection({.url = url, .application = "x"});
      FAIL() << url;
    } catch (const ConnectionLost& fault) {
      EXPECT_THAT(fault.what(), testing::Not(HasSubstr("hunter22"))) << url;
    }
  }
}

/// Takes one connection on this machine and says that it knows no TLS.
class ServerWithoutTls {
 public:
  ServerWithoutTls() {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof place;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&place), size) != 0 || ::listen(socket_, 1) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&place), &size) != 0) {
      throw std::runtime_error("no listener can be made");
    }
    port = std::to_string(ntohs(place.sin_port));
    thread_ = std::thread([this] {
      const int client = ::accept(socket_, nullptr, nullptr);
      std::array<char, 8> request{};
      if (::read(client, request.data(), request.size()) == 8) static_cast<void>(::write(client, "N", 1));
      ::close(client);
    });
  }
  ServerWithoutTls(const ServerWithoutTls&) = delete;
  ServerWithoutTls& operator=(const ServerWithoutTls&) = delete;
  ~ServerWithoutTls() {
    thread_.join();
    ::close(socket_);
  }

  std::string port;

 private:
  int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::thread thread_;
};

TEST_F(PostgresTest, AServerElsewhereIsSpokenToWithTlsOnly) {
  const ServerWithoutTls server;
  try {
    Connection({.url = "postgresql://u:hunter22@db.example/d?hostaddr=127.0.0.1&port=" + server.port,
                .application = "x"});
    FAIL() << "connected";
  } catch (const ConnectionLost& fault) {
    EXPECT_THAT(fault.what(), HasSubstr("SSL was required"));
  }
}

TEST_F(PostgresTest, ACertificateIsNeededUnlessAllHostsAreThisMachine) {
  for (const auto* const here : {"///d", "//u@localhost/d", "//u@127.0.0.1:1/d", "//u@[::1]:1/d",
                                 "///d?host=/tmp", "//localhost,127.0.0.2/d"}) {
    EXPECT_EQ(sslmode_unless_named(std::string("postgresql:") + here), "prefer") << here;
  }
  for (const auto* const elsewhere :
       {"//u@192.0.2.1/d", "//db.example/d", "//localhost,db.example/d", "//localhost.example/d",
        "//127.example/d", "///d?host=db.example", "//db.example/d?hostaddr=127.0.0.1"}) {
    EXPECT_EQ(sslmode_unless_named(std::string("postgresql:") + elsewhere), "verify-full") << elsewhere;
  }
}

TEST_F(PostgresTest, ASessionWaitsForTheDiskWhateverTheDefaultsOfTheDatabaseAre) {
  Connection(target()).execute("ALTER ROLE butler SET synchronous_commit = off");
  EXPECT_EQ(Connection(target()).query("SHOW synchronous_commit")[0].text(0), "on");
  Connection(target()).execute("ALTER ROLE butler RESET synchronous_commit");
}

TEST_F(PostgresTest, MigrationsAreAppliedOnceAndInOrder) {
  Connection connection(target());
  migrate(connection, std::array{first}, now);
  connection.execute("INSERT INTO notes (text) VALUES ('old')");
  migrate(connection, std::array{first, second}, now);
  migrate(connection, std::array{first, second}, now);
  EXPECT_EQ(count(connection, "migrations"), 2);
  EXPECT_EQ(count(connection, "notes"), 1);
}

TEST_F(PostgresTest, AMigrationThatFailsChangesNothing) {
  Connection connection(target());
  migrate(connection, std::array{first}, now);
  EXPECT_THROW(migrate(connection, std::array{first, second_broken}, now), std::runtime_error);
  EXPECT_EQ(count(connection, "migrations"), 1);
  EXPECT_NO_THROW(migrate(connection, std::array{first, second}, now));
}

TEST_F(PostgresTest, ANewerDatabaseAndAnEditedMigrationAreRefused) {
  Connection connection(target());
  migrate(connection, std::array{first, second}, now);
  EXPECT_THROW(migrate(connection, std::array{first}, now), std::runtime_error);
  EXPECT_THROW(migrate(connection, std::array{first, second_edited}, now), std::runtime_error);
}

}  // namespace
}  // namespace butler::postgres::postgres_test
