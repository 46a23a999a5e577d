#include "migration/copy_end.hpp"

#include <algorithm>
#include <stdexcept>

#include "postgres/connection.hpp"
#include "postgres/role_locks.hpp"
#include "sql/postgres.hpp"
#include "sql/sqlite.hpp"

namespace butler::migration {

namespace {

/// Counting takes as long as it takes, and one database is idle while the other one is copied.
constexpr const char* patience = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";

std::unique_ptr<sql::Database> connect_to_server(const std::string& url,
                                                 std::function<void(postgres::Connection&)> on_connect) {
  return std::make_unique<sql::PostgresDatabase>(std::make_unique<postgres::Connection>(
      postgres::Target{.url = url, .application = "butler-migrate", .on_connect = std::move(on_connect)}));
}

void be_patient(postgres::Connection& made) { made.execute(patience); }

/// Whoever was not there when the copy began may come while it is made.
void keep_roles_out(postgres::Connection& made) {
  be_patient(made);
  for (const auto key : {postgres::orchestrator_lock, postgres::gateway_lock}) {
    const auto taken = made.query("SELECT pg_try_advisory_lock($1)::int", key);
    if (taken[0].integer(0) == 1) continue;
    throw std::runtime_error(postgres::holder_of_lock(made, key, "another Butler") + " is connected to " +
                             made.name() + ": stop every Butler that uses this database first");
  }
}

std::unique_ptr<sql::Database> open_file_to_read(const CopyPlace& place) {
  return std::make_unique<sql::SqliteDatabase>(sqlite::Database::open_read_only(place.file));
}

}  // namespace

std::string quoted_name(const std::string& name) { return '"' + name + '"'; }

std::string quoted_names(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + quoted_name(name);
  return text;
}

Schema CopyPlace::look() const {
  return is_server() ? look_at_server(url, migrations) : look_at_file(file, migrations);
}

CopyEnd CopyEnd::to_read(const CopyPlace& place) {
  if (place.is_server()) return {connect_to_server(place.url, be_patient), true};
  return {open_file_to_read(place), false};
}

CopyEnd CopyEnd::to_copy_from(const CopyPlace& place) {
  if (place.is_server()) return {connect_to_server(place.url, keep_roles_out), true};
  return {open_file_to_read(place), false};
}

CopyEnd CopyEnd::to_write(const CopyPlace& place) {
  if (place.is_server()) return {connect_to_server(place.url, keep_roles_out), true};
  return {std::make_unique<sql::SqliteDatabase>(sqlite::Database::open(place.file)), false};
}

Catalogue CopyEnd::catalogue() {
  return is_server_ ? read_postgres_catalogue(*database_) : read_sqlite_catalogue(*database_);
}

std::int64_t CopyEnd::integer_of(const std::string& sql) {
  auto& statement = database_->prepared(sql).bind();
  const std::int64_t value = statement.step() ? statement.integer(0) : 0;
  statement.reset();
  return value;
}

std::int64_t CopyEnd::count(const std::string& table) {
  return integer_of("SELECT count(*) FROM " + quoted_name(table));
}

std::string CopyEnd::first_with_rows(const std::vector<std::string>& tables) {
  const auto found = std::ranges::find_if(tables, [this](const std::string& table) {
    return integer_of("SELECT 1 FROM " + quoted_name(table) + " LIMIT 1") == 1;
  });
  return found == tables.end() ? std::string{} : *found;
}

std::string CopyEnd::first_with_nul(const Table& table) {
  std::vector<std::string> keys;
  std::string where;
  for (const auto& column : table.columns) {
    if (column.key > 0) keys.push_back(column.name);
    if (column.type != "TEXT") continue;
    where += (where.empty() ? "" : " OR ") + ("instr(CAST(" + quoted_name(column.name) + " AS BLOB), x'00')");
  }
  auto& rows = database_->prepared("SELECT " + quoted_names(keys) + " FROM " + quoted_name(table.name) +
                                   " WHERE " + where + " ORDER BY " + quoted_names(keys) + " LIMIT 1");
  std::string key;
  if (rows.bind().step()) key = rows.string(0);
  rows.reset();
  return key;
}

void CopyEnd::lock(const CopyPlan& plan, const char* mode) {
  std::vector<std::string> names;
  for (const auto& table : plan) names.push_back(table.name);
  database_->prepared("LOCK TABLE " + quoted_names(names) + " IN " + mode + " MODE").bind().run();
}

void CopyEnd::hold_to_read(const CopyPlan& plan, const std::function<void()>& work) {
  if (!is_server_) {
    database_->prepared("BEGIN").bind().run();
    work();
    database_->prepared("COMMIT").bind().run();
    return;
  }
  const auto reading = [&] {
    // Locked before anything is read: what others have written until then is seen.
    database_->prepared("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").bind().run();
    lock(plan, "SHARE");
    work();
  };
  try {
    database_->transact(reading);
  } catch (const postgres::CommitFailed& fault) {  // nothing was written there
    throw std::runtime_error(fault.what());
  }
}

void CopyEnd::hold_to_write(const CopyPlan& plan, const std::function<void()>& work) {
  database_->transact([&] {
    if (is_server_) lock(plan, "EXCLUSIVE");
    work();
  });
}

void CopyEnd::each_row(const CopiedTable& table, const std::function<void(const sql::Statement&)>& take) {
  const std::string select = "SELECT " + quoted_names(names_of(table)) + " FROM " + quoted_name(table.name) +
                             " ORDER BY " + quoted_names(table.key);
  if (!is_server_) {
    auto& rows = database_->prepared(select).bind();
    while (rows.step()) take(rows);
    return;
  }
  const std::string cursor = quoted_name("copy_" + table.name);
  database_->prepared("DECLARE " + cursor + " NO SCROLL CURSOR FOR " + select).bind().run();
  auto& page = database_->prepared("FETCH 100 FROM " + cursor);
  for (bool more = true; more;) {
    more = false;
    page.bind();
    while (page.step()) {
      take(page);
      more = true;
    }
  }
  database_->prepared("CLOSE " + cursor).bind().run();
}

std::int64_t CopyEnd::highest_number(const CopiedTable& table) {
  const auto there = integer_of("SELECT coalesce(max(" + quoted_name(table.numbered) + "), 0) FROM " +
                                quoted_name(table.name));
  if (is_server_) {
    auto& given = database_->prepared(
        "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(?, ?)::regclass), 0)");
    given.bind(quoted_name(table.name), table.numbered).step();
    return std::max(there, given.integer(0));
  }
  if (!table.never_again) return there;
  auto& given = database_->prepared("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?");
  given.bind(table.name).step();
  const auto number = given.integer(0);
  given.reset();
  return std::max(there, number);
}

void CopyEnd::go_on_after(const CopiedTable& table, std::int64_t number) {
  if (number == 0) return;
  if (is_server_) {
    database_->prepared("SELECT setval(pg_get_serial_sequence(?, ?)::regclass, ?)")
        .bind(quoted_name(table.name), table.numbered, number)
        .run();
    return;
  }
  if (!table.never_again) return;
  database_->prepared("DELETE FROM sqlite_sequence WHERE name = ?").bind(table.name).run();
  database_->prepared("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)").bind(table.name, number).run();
}

}  // namespace butler::migration
