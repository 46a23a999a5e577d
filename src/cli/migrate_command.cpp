#include "cli/migrate_command.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <ostream>

#include "cli/exit_code.hpp"
#include "cli/home.hpp"
#include "cli/migrate_copy_command.hpp"
#include "cli/quiet_home.hpp"
#include "json/value.hpp"
#include "log/log.hpp"
#include "migration/schema.hpp"
#include "process/role.hpp"
#include "store/migrations.hpp"

namespace butler::cli {

namespace fs = std::filesystem;
using migration::State;

namespace {

/// One of the two databases, wherever it is.
struct MigratedDatabase {
  std::string role = {};
  std::string place = {};  ///< for people: a file, or server and database without the password
  fs::path file = {};      ///< "" for a server's
  std::string url = {};
  std::span<const domain::EmbeddedFile> migrations = {};
  migration::Schema schema = {};
  std::string copy = {};  ///< made before
};

void look_at(MigratedDatabase& database) {
  database.schema = database.url.empty() ? migration::look_at_file(database.file, database.migrations)
                                         : migration::look_at_server(database.url, database.migrations);
}

MigratedDatabase find_database(const config::Loaded& loaded, config::Role role) {
  const bool jobs = role == config::Role::orchestrator;
  MigratedDatabase database{.role = jobs ? "orchestrator" : "gateway"};
  if (config::has_state_in_postgres(loaded.environment, role)) {
    const std::string variable = jobs ? "ORCH_DATABASE_URL" : "GATEWAY_DATABASE_URL";
    database.url = loaded.environment.at(variable).value;
    log::redact(database.url);
    database.place = "the database of " + variable;
    database.migrations =
        jobs ? store::orchestrator_postgres_migrations() : migration::gateway_postgres_migrations();
    return database;
  }
  database.file = loaded.place.home / (jobs ? "state.db" : "gateway.db");
  database.place = database.file.string();
  database.migrations = jobs ? store::orchestrator_migrations() : migration::gateway_migrations();
  return database;
}

std::vector<MigratedDatabase> find_databases(const config::Loaded& loaded) {
  return {find_database(loaded, config::Role::orchestrator), find_database(loaded, config::Role::gateway)};
}

/// What is so, and what to do about it.
std::string sentence_of(const MigratedDatabase& database) {
  const auto& schema = database.schema;
  const std::string version = "schema " + std::to_string(schema.version);
  switch (schema.state) {
    case State::absent: return "not there yet: the first start makes it";
    case State::current: return version + ", up to date";
    case State::waiting: {
      std::string names;
      for (const auto& name : schema.waiting) names += (names.empty() ? "" : ", ") + name;
      return version + " of " + std::to_string(schema.newest) + ": " + names +
             " waits; `butler migrate up` applies it, and so does the next start";
    }
    case State::newer:
      return version + ", and this program knows " + std::to_string(schema.newest) +
             ": a newer Butler wrote it. Use that version, or restore a backup made before";
    case State::changed:
      return "the migration " + schema.fault +
             " was applied in another form: use the version of Butler that wrote it";
    case State::unreadable: return "cannot be looked at: " + schema.fault;
  }
  return "?";
}

bool blocks(const MigratedDatabase& database) {
  const auto state = database.schema.state;
  return state == State::newer || state == State::changed || state == State::unreadable;
}

json::Object to_object(const MigratedDatabase& database) {
  json::Array waiting;
  for (const auto& name : database.schema.waiting) waiting.emplace_back(name);
  json::Object object{{"role", database.role},
                      {"place", database.place},
                      {"state", migration::state_name(database.schema.state)},
                      {"version", database.schema.version},
                      {"newest", database.schema.newest},
                      {"waiting", std::move(waiting)}};
  if (!database.schema.fault.empty()) object["fault"] = database.schema.fault;
  if (!database.copy.empty()) object["copy"] = database.copy;
  return object;
}

void print_migrations(const std::vector<MigratedDatabase>& databases, bool ok, Format format,
                      std::ostream& out) {
  if (format == Format::json) {
    json::Array all;
    for (const auto& database : databases) all.emplace_back(to_object(database));
    out << json::serialize(json::Object{{"ok", ok}, {"databases", std::move(all)}}) << '\n';
    return;
  }
  for (const auto& database : databases) {
    out << database.role << ": " << database.place << ": " << sentence_of(database) << ".\n";
    if (!database.copy.empty()) out << "  What was there before: " << database.copy << '\n';
  }
}

void bring_up(MigratedDatabase& database) {
  if (database.schema.state != State::waiting) return;
  if (database.url.empty()) {
    database.copy = migration::bring_up_file(database.file, database.migrations).string();
  } else {
    migration::bring_up_server(database.url, database.migrations);
  }
  look_at(database);
}

}  // namespace

int show_migrations(const config::Start& start, Format format, std::ostream& out) {
  auto databases = find_databases(config::load(start));
  for (auto& database : databases) look_at(database);
  const bool ok = std::ranges::none_of(databases, [](const auto& database) {
    return blocks(database) || database.schema.state == State::waiting;
  });
  print_migrations(databases, ok, format, out);
  return ok ? exit_ok : exit_failure;
}

int run_migrations(const config::Start& start, Format format, std::ostream& out) {
  make_files_private();
  const auto loaded = config::load(start);
  const auto& home = loaded.place.home;
  prepare_home(home);
  const QuietHome quiet(home, Databases::held);
  if (::geteuid() == 0) process::drop_root(control_user);
  auto databases = find_databases(loaded);
  for (auto& database : databases) look_at(database);
  const bool blocked = std::ranges::any_of(databases, blocks);
  if (!blocked) std::ranges::for_each(databases, bring_up);
  print_migrations(databases, !blocked, format, out);
  if (blocked && format == Format::text) out << "Nothing was changed.\n";
  return blocked ? exit_failure : exit_ok;
}

void add_migrate_commands(CLI::App& app, Action& chosen) {
  CLI::App* const group = add_group(
      app, "migrate", "The databases: their schema, and the way from SQLite to PostgreSQL and back.");
  const auto json = std::make_shared<bool>(false);
  add_command(*group, "status", "Which migrations wait; nothing is changed.", chosen, [json] {
    return show_migrations(config::this_start(), format_of(*json), std::cout);
  })->add_flag("--json", *json, "As JSON.");
  add_command(*group, "up", "Apply what waits, while Butler is down; each file is copied before.", chosen,
              [json] { return run_migrations(config::this_start(), format_of(*json), std::cout); })
      ->add_flag("--json", *json, "As JSON.");
  add_migrate_copy_command(*group, chosen);
}

}  // namespace butler::cli
