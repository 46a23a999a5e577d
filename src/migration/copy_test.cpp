#include "migration/copy.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "postgres/connection.hpp"
#include "postgres/role_locks.hpp"
#include "sqlite/database.hpp"
#include "store/migrations.hpp"
#include "unit/postgres_server.hpp"
#include "unit/temp_folder.hpp"

namespace butler::migration::copy_test {
namespace {

using testing::HasSubstr;

const CopyProgress silent = [](const std::string&, const std::string&, std::int64_t) {};

/// The orchestrator's schema in a file and in a server's database, neither made yet.
class Copy : public testing::Test {
 protected:
  ~Copy() override { test::PostgresServer::instance().drop_database(url); }

  CopyPlace file(const char* name = "state.db") const {
    return {.name = name, .file = folder.path() / name, .migrations = store::orchestrator_migrations()};
  }
  CopyPlace server() const {
    return {.name = "the server", .url = url, .migrations = store::orchestrator_postgres_migrations()};
  }
  static std::vector<CopyTask> task(CopyPlace source, CopyPlace target) {
    return {{.role = "orchestrator",
             .source = std::move(source),
             .target = std::move(target),
             .differences = orchestrator_differences()}};
  }
  std::vector<CopyTask> up() const { return task(file(), server()); }

  /// So many jobs, with an event each, an artifact of 7 bytes for the first, and an audit log; 40 deliveries
  /// were acknowledged.
  void fill(int jobs) const {
    bring_up_file(file().file, file().migrations);
    auto database = sqlite::Database::open(file().file);
    database.execute("BEGIN");
    for (int at = 1; at <= jobs; ++at) {
      const auto id = "job-" + std::to_string(100'000 + at);
      database
          .prepared(
              "INSERT INTO jobs (id, kind, status, prompt, channel, chat_id, requester_id, session_key, "
              "requires_approval, max_attempts, created_at, updated_at) "
              "VALUES (?, 'task', 'running', ?, 'api', '1', '1', ?, 0, 3, 5, 6)")
          .bind(id, "why? ‘" + std::string(at % 7 == 0 ? 50'000 : 5, 'x') + "’ 🙂", id)
          .run();
      database.prepared("INSERT INTO events VALUES (?, 1, 'said', 9, NULL, '{}')").bind(at).run();
      database.prepared("INSERT INTO audit VALUES (?, 1, 'a', 'b', 'c', '{}', 'p', 'h')").bind(at).run();
    }
    database.execute(
        "INSERT INTO deliveries VALUES (40, 1, 'x'); DELETE FROM deliveries; "
        "INSERT INTO leases (job_row, token, worker_id, since, open_approvals) VALUES (1, 't', 'w', 7, 1); "
        "INSERT INTO artifacts VALUES (3, 1, 'a', 7, '" +
        std::string(64, 'a') +
        "', 't', NULL, NULL, 'worker', 1); UPDATE admin SET paused = 1, updated_at = 8; COMMIT");
  }

  std::string asked(const std::string& sql) const {
    const auto found = postgres::Connection({.url = url, .application = "test"}).query(sql);
    return found.empty() ? "nothing" : found[0].string(0);
  }
  void change(const std::string& sql) const {
    postgres::Connection({.url = url, .application = "test"}).execute(sql);
  }
  std::string asked_file(const char* name, const std::string& sql) const {
    auto database = sqlite::Database::open(folder.path() / name);
    auto& statement = database.prepared(sql).bind();
    return statement.step() ? statement.string(0) : "nothing";
  }

  test::TempFolder folder;
  std::string url = test::PostgresServer::instance().new_database();
};

std::int64_t rows_of(const Copied& copied, const std::string& table) {
  const auto found = std::ranges::find(copied.tables, table, &TableCount::table);
  return found == copied.tables.end() ? -1 : found->rows;
}

constexpr const char* everything_in_jobs =
    "SELECT count(*) || ' ' || sum(row) || ' ' || sum(length(prompt)) || ' ' || max(prompt) FROM jobs";

TEST_F(Copy, EverythingArrivesInAServerAndComesBack) {
  fill(250);
  const auto before = asked_file("state.db", everything_in_jobs);
  const auto copied = copy_databases(up(), silent);
  EXPECT_EQ(rows_of(copied.at(0), "jobs"), 250);
  EXPECT_EQ(rows_of(copied.at(0), "audit"), 250);
  EXPECT_EQ(asked(everything_in_jobs), before);
  EXPECT_EQ(asked("SELECT bytes FROM artifact_bytes"), "7");
  EXPECT_EQ(asked("SELECT paused || ' ' || updated_at FROM admin"), "1 8");
  EXPECT_EQ(asked("SELECT token || ' ' || expires_at FROM leases"), "t 0");
  EXPECT_EQ(asked("SELECT data || coalesce(message, ' without') FROM events LIMIT 1"), "{} without");

  const auto back = copy_databases(task(server(), file("back.db")), silent);
  EXPECT_EQ(asked_file("back.db", everything_in_jobs), before);
  EXPECT_EQ(asked_file("back.db", "SELECT bytes FROM artifact_bytes"), "7");
  for (const auto& [table, rows] : copied.at(0).tables) EXPECT_EQ(rows_of(back.at(0), table), rows) << table;
}

TEST_F(Copy, NewRowsGetNumbersBehindTheCopiedOnes) {
  fill(3);
  copy_databases(up(), silent);
  EXPECT_EQ(asked("INSERT INTO deliveries (job_row, deliver_to) VALUES (2, 'x') RETURNING seq"), "41");
  EXPECT_EQ(asked("INSERT INTO artifacts (job_row, name, size, sha256, content_type, source, created_at) "
                  "VALUES (1, 'b', 1, repeat('b', 64), 't', 'worker', 1) RETURNING row"),
            "4");
  change("DELETE FROM deliveries");
  copy_databases(task(server(), file("back.db")), silent);
  EXPECT_EQ(
      asked_file("back.db", "INSERT INTO deliveries (job_row, deliver_to) VALUES (2, 'x') RETURNING seq"),
      "42");
}

TEST_F(Copy, TheSourceFileIsNotChanged) {
  fill(3);
  const auto written = std::filesystem::last_write_time(file().file);
  copy_databases(up(), silent);
  EXPECT_EQ(std::filesystem::last_write_time(file().file), written);
  EXPECT_FALSE(std::filesystem::exists(file().file.string() + "-wal"));
}

TEST_F(Copy, WhatAKilledRoleHasLeftInTheLogIsCopied) {
  bring_up_file(file().file, file().migrations);
  const auto left = file("left.db");
  {
    auto database = sqlite::Database::open(file().file);
    database.execute("UPDATE admin SET updated_at = 77");
    std::filesystem::copy_file(file().file, left.file);
    std::filesystem::copy_file(file().file.string() + "-wal", left.file.string() + "-wal");
  }
  copy_databases(task(left, server()), silent);
  EXPECT_EQ(asked("SELECT updated_at FROM admin"), "77");
}

TEST_F(Copy, ALookChangesNothing) {
  fill(3);
  const auto seen = look_at_copy(up());
  EXPECT_EQ(rows_of(seen.at(0), "jobs"), 3);
  EXPECT_EQ(asked("SELECT count(*) FROM pg_class WHERE relname IN ('jobs', 'migrations')"), "0");
}

TEST_F(Copy, WhatArrivesNotInFullIsUndone) {
  fill(120);
  bring_up_server(url, server().migrations);
  change(
      "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "IF NEW.job_row = 77 THEN RETURN NULL; END IF; RETURN NEW; END $$; "
      "CREATE TRIGGER lose BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION lose()");
  EXPECT_THAT([&] { copy_databases(up(), silent); },
              testing::ThrowsMessage<std::runtime_error>(
                  HasSubstr("the table events has 120 rows and 119 of them arrived")));
  EXPECT_EQ(asked("SELECT count(*) FROM jobs"), "0");
  EXPECT_EQ(asked("SELECT paused FROM admin"), "0");
  change("DROP TRIGGER lose ON events");
  EXPECT_EQ(rows_of(copy_databases(up(), silent).at(0), "events"), 120);
}

TEST_F(Copy, ATargetWithRowsIsRefusedAndKeepsThem) {
  fill(2);
  copy_databases(up(), silent);
  EXPECT_THAT([&] { copy_databases(up(), silent); },
              testing::ThrowsMessage<std::runtime_error>(testing::AllOf(
                  HasSubstr("holds rows already"), HasSubstr("complete for the orchestrator"))));
  EXPECT_THAT([&] { look_at_copy(task(server(), file())); },
              testing::ThrowsMessage<std::runtime_error>(HasSubstr("Move the file away")));
  EXPECT_EQ(asked("SELECT count(*) FROM jobs"), "2");
}

TEST_F(Copy, ASourceThatIsBehindOrNotThereIsRefused) {
  EXPECT_THAT([&] { copy_databases(up(), silent); },
              testing::ThrowsMessage<std::runtime_error>(HasSubstr("nothing to copy")));
  bring_up_file(file().file, file().migrations.first(2));
  EXPECT_THAT([&] { copy_databases(up(), silent); },
              testing::ThrowsMessage<std::runtime_error>(HasSubstr("butler migrate up")));
}

TEST_F(Copy, AColumnThatOnlyOneSideHasStopsIt) {
  fill(1);
  bring_up_server(url, server().migrations);
  change("ALTER TABLE jobs ADD COLUMN later text");
  EXPECT_THAT(
      [&] { copy_databases(up(), silent); },
      testing::ThrowsMessage<std::runtime_error>(HasSubstr("jobs.later is there only in PostgreSQL")));
}

TEST_F(Copy, WhatTheServerRefusesNamesItsTableAndTheLastTaskUndoesTheFirst) {
  fill(2);
  auto tasks = up();
  const auto second = test::PostgresServer::instance().new_database();
  tasks.push_back(tasks.front());
  tasks.back().target.url = second;
  bring_up_server(second, server().migrations);
  postgres::Connection({.url = second, .application = "test"})
      .execute("ALTER TABLE events ADD CHECK (job_row < 2)");
  EXPECT_THAT([&] { copy_databases(tasks, silent); },
              testing::ThrowsMessage<std::runtime_error>(HasSubstr("the table events cannot be copied")));
  EXPECT_EQ(asked("SELECT count(*) FROM jobs"), "0");
  test::PostgresServer::instance().drop_database(second);
}

TEST_F(Copy, ACharacterThatPostgresCannotKeepIsReplacedAndCounted) {
  fill(2);
  {
    auto database = sqlite::Database::open(file().file);
    database.prepared("UPDATE jobs SET result_text = ? WHERE row = 2").bind(std::string("a\0b", 3)).run();
  }
  EXPECT_EQ(copy_databases(up(), silent).at(0).replaced, 1);
  EXPECT_EQ(asked("SELECT result_text FROM jobs WHERE row = 2"), "a\uFFFDb");
}

TEST_F(Copy, ALabelThatPostgresCannotKeepStopsNoQueue) {
  fill(3);
  {
    auto database = sqlite::Database::open(file().file);
    database.prepared("UPDATE jobs SET labels = ? WHERE row = 2")
        .bind(R"(["gpu","n\u0000l","a\\u0000b"])")
        .run();
    database.prepared("UPDATE jobs SET labels = ? WHERE row = 3").bind(R"(["a\\u0000b"])").run();
  }
  EXPECT_EQ(copy_databases(up(), silent).at(0).replaced, 1);
  EXPECT_EQ(asked("SELECT count(*) FROM jobs, jsonb_array_elements_text(labels::jsonb)"), "4");
  EXPECT_EQ(asked("SELECT labels::jsonb ->> 1 FROM jobs WHERE row = 2"), "n\uFFFDl");
  EXPECT_EQ(asked("SELECT labels FROM jobs WHERE row = 3"), R"(["a\\u0000b"])");
}

TEST_F(Copy, AnAuditRowWhoseHashWouldNotFitIsRefused) {
  fill(2);
  {
    auto database = sqlite::Database::open(file().file);
    database.prepared("INSERT INTO audit VALUES (3, 1, ?, 'b', 'c', '{}', 'p', 'h')")
        .bind(std::string("a\0b", 3))
        .run();
  }
  const auto refused = testing::ThrowsMessage<std::runtime_error>(
      HasSubstr("the table audit has the character U+0000 in row 3"));
  EXPECT_THAT([&] { look_at_copy(up()); }, refused);
  EXPECT_THAT([&] { copy_databases(up(), silent); }, refused);
  EXPECT_EQ(asked("SELECT count(*) FROM pg_class WHERE relname = 'jobs'"), "0");
}

TEST_F(Copy, WhileItCopiesNoRoleCanComeAndOneThatCameStopsIt) {
  fill(1);
  int tried = 0;
  const auto come = [&](const std::string&, const std::string&, std::int64_t) {
    postgres::Connection role({.url = url, .application = "test"});
    tried += static_cast<int>(
        role.query("SELECT pg_try_advisory_lock_shared($1)::int + pg_try_advisory_lock($2)::int",
                   postgres::orchestrator_lock, postgres::gateway_lock)[0]
            .integer(0));
  };
  copy_databases(up(), come);
  EXPECT_EQ(tried, 0);

  postgres::Connection late({.url = url, .application = "test"});
  late.query("SELECT pg_advisory_lock_shared($1)", postgres::orchestrator_lock);
  EXPECT_THAT([&] { copy_databases(task(server(), file("back.db")), silent); },
              testing::ThrowsMessage<std::runtime_error>(
                  testing::ContainsRegex("test from .* is connected to .*: stop every Butler")));
  EXPECT_EQ(asked_file("back.db", "SELECT count(*) FROM jobs"), "0");
}

/// The session ends while it commits: whether before or after, its client cannot tell.
TEST_F(Copy, ACommitWithoutAnAnswerIsSaidToBeUnknown) {
  fill(1);
  bring_up_server(url, server().migrations);
  change(
      "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$; "
      "CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
      "EXECUTE FUNCTION cut()");
  EXPECT_THAT([&] { copy_databases(up(), silent); },
              testing::ThrowsMessage<std::runtime_error>(
                  testing::AllOf(HasSubstr("whether the orchestrator's copy was kept, nobody knows"),
                                 HasSubstr("--role orchestrator --dry-run"))));
}

TEST_F(Copy, ARoleThatIsConnectedStopsIt) {
  fill(1);
  const postgres::Connection role({.url = url, .application = "butler-orchestrator-1"});
  EXPECT_THAT([&] { copy_databases(up(), silent); },
              testing::ThrowsMessage<std::runtime_error>(HasSubstr("stop every Butler")));
}

TEST_F(Copy, TheGatewaysTablesAreTheSameInBoth) {
  const CopyPlace chats{
      .name = "gateway.db", .file = folder.path() / "gateway.db", .migrations = gateway_migrations()};
  bring_up_file(chats.file, chats.migrations);
  sqlite::Database::open(chats.file).execute("INSERT INTO polling VALUES (1, 5)");
  const std::vector<CopyTask> tasks{
      {.role = "gateway",
       .source = chats,
       .target = {.name = "the server", .url = url, .migrations = gateway_postgres_migrations()},
       .differences = gateway_differences()}};
  EXPECT_EQ(rows_of(copy_databases(tasks, silent).at(0), "polling"), 1);
  EXPECT_EQ(asked("SELECT next_offset FROM polling"), "5");
}

}  // namespace
}  // namespace butler::migration::copy_test
