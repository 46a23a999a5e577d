#include "migration/schema.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "digest/sha256.hpp"
#include "domain/migration_version.hpp"
#include "domain/timestamp.hpp"
#include "postgres/connection.hpp"
#include "postgres/migrations.hpp"
#include "sqlite/database.hpp"
#include "sqlite/migrations.hpp"
#include "sqlite/read_only.hpp"

namespace butler::migration {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds look_time{10};
constexpr const char* application = "butler-migrate";

Schema unreadable(const char* why, std::span<const domain::EmbeddedFile> files) {
  Schema schema = judge({}, files);
  schema.state = State::unreadable;
  schema.waiting.clear();
  schema.fault = why;
  return schema;
}

/// Who would go on with the schema that they know.
void require_quiet(postgres::Connection& connection) {
  const auto found = connection.query(
      "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() "
      "AND application_name LIKE 'butler-%' AND application_name <> $1 LIMIT 1",
      application);
  if (found.empty()) return;
  throw std::runtime_error(found[0].string(0) + " is connected to " + connection.name() +
                           ": stop every Butler that uses this database first");
}

}  // namespace

std::string state_name(State state) {
  switch (state) {
    case State::absent: return "absent";
    case State::current: return "current";
    case State::waiting: return "waiting";
    case State::newer: return "newer";
    case State::changed: return "changed";
    case State::unreadable: return "unreadable";
  }
  return "?";
}

Schema judge(const std::vector<Applied>& applied, std::span<const domain::EmbeddedFile> files) {
  Schema schema{.newest = files.empty() ? 0 : domain::migration_version(files.back().name)};
  for (const auto& one : applied) schema.version = std::max(schema.version, one.version);
  for (const auto& file : files) {
    const auto version = domain::migration_version(file.name);
    if (version > schema.version) {
      schema.waiting.emplace_back(file.name);
      continue;
    }
    const auto known = std::ranges::find(applied, version, &Applied::version);
    const bool same = known != applied.end() && known->sha256 == digest::sha256_hex(file.content);
    if (!same && schema.fault.empty()) schema.fault = file.name;
  }
  if (applied.empty()) {
    schema.state = State::absent;
  } else if (schema.version > schema.newest) {
    schema.state = State::newer;
    schema.fault.clear();
  } else if (!schema.fault.empty()) {
    schema.state = State::changed;
  } else {
    schema.state = schema.waiting.empty() ? State::current : State::waiting;
  }
  return schema;
}

Schema look_at_file(const fs::path& file, std::span<const domain::EmbeddedFile> files) {
  try {
    if (!fs::exists(fs::symlink_status(file))) return judge({}, files);
    sqlite::ReadOnlyDatabase database(file, look_time);
    std::vector<Applied> applied;
    if (!database.query("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").empty()) {
      for (const auto& row : database.query("SELECT version, sha256 FROM migrations ORDER BY version"))
        applied.push_back({.version = std::stoll(row.at(0)), .sha256 = row.at(1)});
    }
    return judge(applied, files);
  } catch (const std::exception& fault) {
    return unreadable(fault.what(), files);
  }
}

Schema look_at_server(const std::string& url, std::span<const domain::EmbeddedFile> files) {
  try {
    postgres::Connection connection({.url = url, .application = application, .on_connect = {}});
    connection.query("SET default_transaction_read_only = on");
    std::vector<Applied> applied;
    const auto table = connection.query("SELECT 1 WHERE to_regclass('migrations') IS NOT NULL");
    if (!table.empty()) {
      for (const auto row : connection.query("SELECT version, sha256 FROM migrations ORDER BY version"))
        applied.push_back({.version = row.integer(0), .sha256 = row.string(1)});
    }
    return judge(applied, files);
  } catch (const std::exception& fault) {
    return unreadable(fault.what(), files);
  }
}

fs::path bring_up_file(const fs::path& file, std::span<const domain::EmbeddedFile> files) {
  const auto before = look_at_file(file, files);
  auto database = sqlite::Database::open(file);
  sqlite::migrate(database, files, domain::wall_clock_now());
  if (before.version == 0 || before.waiting.empty()) return {};
  return file.string() + ".before-" + std::to_string(domain::migration_version(before.waiting.front()));
}

void require_quiet_server(const std::string& url) {
  postgres::Connection connection({.url = url, .application = application, .on_connect = {}});
  require_quiet(connection);
}

void bring_up_server(const std::string& url, std::span<const domain::EmbeddedFile> files) {
  postgres::Connection connection({.url = url, .application = application, .on_connect = {}});
  require_quiet(connection);
  postgres::migrate(connection, files, domain::wall_clock_now());
}

}  // namespace butler::migration
