#include "migration/copy.hpp"

#include <algorithm>
#include <stdexcept>

#include "migration/row_writer.hpp"
#include "postgres/error.hpp"
#include "sqlite/database.hpp"

namespace butler::migration {

namespace {

constexpr std::int64_t rows_between_reports = 1'000;

std::string version_of(const Schema& schema) {
  return "schema " + std::to_string(schema.version) + " of " + std::to_string(schema.newest);
}

/// Why a database can be no end of a copy, whichever; "" when it can.
std::string fault_of(const Schema& schema) {
  switch (schema.state) {
    case State::newer: return "was written by a newer Butler: use that version";
    case State::changed:
      return "has the migration " + schema.fault +
             " in another form: use the version of Butler that wrote it";
    case State::unreadable: return "cannot be looked at: " + schema.fault;
    default: return {};
  }
}

void require_source(const CopyTask& task) {
  const auto schema = task.source.look();
  if (schema.state == State::absent) {
    throw std::runtime_error("there is nothing to copy: the " + task.role + " has made no tables in " +
                             task.source.name + " yet");
  }
  if (schema.state == State::waiting) {
    throw std::runtime_error(task.source.name + " is behind this program (" + version_of(schema) +
                             "), and a copy does not change it: apply what waits with `butler migrate up`" +
                             (task.source.is_server() ? "" : " while the settings name no server for it"));
  }
  const auto fault = fault_of(schema);
  if (!fault.empty()) throw std::runtime_error(task.source.name + " " + fault);
}

void require_empty(CopyEnd& target, const CopyTask& task) {
  const auto table = target.first_with_rows(tables_of_state(target.catalogue(), task.differences));
  if (table.empty()) return;
  throw std::runtime_error(task.target.name + " holds rows already (in " + table +
                           "), and a copy goes only where there are none. " +
                           (task.target.is_server()
                                ? "Name a new, empty database"
                                : "Move the file away, with the -wal and -shm beside it if they are there") +
                           ". If a copy was cut off before, it is complete for the " + task.role +
                           ": go on with the other role alone (--role)");
}

/// What is replaced elsewhere cannot be where a hash was made of it.
void require_same_hashes(const CopyTask& task) {
  if (task.source.is_server() || !task.target.is_server()) return;
  auto source = CopyEnd::to_read(task.source);
  const auto tables = source.catalogue();
  for (const auto& name : task.differences.sealed) {
    const auto table = std::ranges::find(tables, name, &Table::name);
    const auto key = table == tables.end() ? std::string{} : source.first_with_nul(*table);
    if (key.empty()) continue;
    throw std::runtime_error(
        "the table " + name + " has the character U+0000 in row " + key +
        ". PostgreSQL cannot keep it, and the row's hash is of the text with it: changed, the row would be "
        "taken for a forged one for ever. Nothing was copied, and the row cannot be mended: keep the " +
        task.role + " on SQLite, or let it begin anew in PostgreSQL and keep " + task.source.name +
        " as the record");
  }
}

State require_target(const CopyTask& task) {
  const auto schema = task.target.look();
  const auto fault = fault_of(schema);
  if (!fault.empty()) throw std::runtime_error(task.target.name + " " + fault);
  if (schema.state == State::absent) return schema.state;
  auto target = CopyEnd::to_read(task.target);
  require_empty(target, task);
  return schema.state;
}

/// Everything that can be known before something is changed.
State require_ready(const CopyTask& task) {
  for (const auto* const place : {&task.source, &task.target}) {
    if (place->is_server()) require_quiet_server(place->url);
  }
  require_source(task);
  require_same_hashes(task);
  return require_target(task);
}

CopyPlan plan_of(CopyEnd& source, CopyEnd& target, const CopyTask& task) {
  const auto sqlite = (source.is_server() ? target : source).catalogue();
  const auto postgres = (source.is_server() ? source : target).catalogue();
  auto plan = plan_copy(sqlite, postgres, task.differences);
  if (plan) return *std::move(plan);
  std::string all;
  for (const auto& problem : plan.error()) all += (all.empty() ? "" : "; ") + problem;
  throw std::runtime_error("the " + task.role + "'s tables are not the same in " + task.source.name +
                           " and in " + task.target.name + ": " + all);
}

/// Takes away what a server's database tells of processes that are gone.
void forget_processes(CopyEnd& target, const Differences& differences) {
  if (!target.is_server()) return;
  for (const auto& name : differences.postgres_tables) {
    if (std::ranges::find(differences.seeded, name) != differences.seeded.end()) continue;
    target.database().prepared("DELETE FROM " + quoted_name(name)).bind().run();
  }
}

std::int64_t copy_table(CopyEnd& source, CopyEnd& target, const CopiedTable& table,
                        const std::function<void(std::int64_t)>& progress) {
  try {
    // What the schema has put there, and what triggers have counted in it meanwhile.
    if (table.seeded) target.database().prepared("DELETE FROM " + quoted_name(table.name)).bind().run();
    RowWriter writer(target.database(), target.is_server(), table);
    source.each_row(table, [&](const sql::Statement& row) {
      writer.add(row);
      if (writer.rows() % rows_between_reports == 0) progress(writer.rows());
    });
    writer.finish();
    progress(writer.rows());
    return writer.replaced();
  } catch (const std::runtime_error& fault) {
    throw std::runtime_error("the table " + table.name +
                             " cannot be copied, so nothing was: " + fault.what());
  }
}

/// Counts both sides of each table. Throws std::runtime_error that names the first one that differs.
std::vector<TableCount> compare(CopyEnd& source, CopyEnd& target, const CopyPlan& plan) {
  std::vector<TableCount> counts;
  for (const auto& table : plan) {
    const auto there = source.count(table.name);
    const auto here = target.count(table.name);
    if (there != here) {
      throw std::runtime_error("the table " + table.name + " has " + std::to_string(there) + " rows and " +
                               std::to_string(here) + " of them arrived, so nothing was copied");
    }
    counts.push_back({.table = table.name, .rows = here});
  }
  std::ranges::sort(counts, {}, &TableCount::table);
  return counts;
}

Copied copy_all(CopyEnd& source, CopyEnd& target, const CopyPlan& plan, const CopyTask& task,
                const CopyProgress& progress) {
  Copied copied{.role = task.role};
  forget_processes(target, task.differences);
  for (const auto& table : plan) {
    copied.replaced +=
        copy_table(source, target, table, [&](std::int64_t rows) { progress(task.role, table.name, rows); });
  }
  copied.tables = compare(source, target, plan);
  for (const auto& table : plan) {
    if (!table.numbered.empty()) target.go_on_after(table, source.highest_number(table));
  }
  return copied;
}

std::string commit_is_unknown(const CopyTask& task, const char* fault) {
  return "whether the " + task.role +
         "'s copy was kept, nobody knows: the answer to its commit is missing (" + fault +
         "). Ask with --role " + task.role +
         " --dry-run: if it says that there are rows already, this role's copy is complete; if not, give "
         "the command again";
}

/// Copies the tasks that are left, each in a transaction around those after it: none is committed before the
/// last one has been compared.
/// @param committed  gets the role of each that is
void copy_rest(std::span<const CopyTask> tasks, const CopyProgress& progress, std::vector<Copied>& done,
               std::vector<std::string>& committed) {
  if (tasks.empty()) return;
  const auto& task = tasks.front();
  auto source = CopyEnd::to_copy_from(task.source);
  auto target = CopyEnd::to_write(task.target);
  const auto plan = plan_of(source, target, task);
  try {
    target.hold_to_write(plan, [&] {
      require_empty(target, task);
      // Held until the others are committed: when its connection is lost, so is the lock that kept roles out.
      source.hold_to_read(plan, [&] {
        done.push_back(copy_all(source, target, plan, task, progress));
        copy_rest(tasks.subspan(1), progress, done, committed);
      });
    });
  } catch (const postgres::CommitFailed& fault) {
    throw std::runtime_error(commit_is_unknown(task, fault.what()));
  } catch (const sqlite::CommitFailed& fault) {
    throw std::runtime_error(commit_is_unknown(task, fault.what()));
  }
  committed.push_back(task.role);
}

}  // namespace

std::vector<Copied> look_at_copy(std::span<const CopyTask> tasks) {
  std::vector<Copied> all;
  for (const auto& task : tasks) {
    const auto target_state = require_ready(task);
    auto source = CopyEnd::to_read(task.source);
    if (target_state == State::current) {
      auto target = CopyEnd::to_read(task.target);
      plan_of(source, target, task);
    }
    Copied copied{.role = task.role};
    for (const auto& name : tables_of_state(source.catalogue(), task.differences)) {
      copied.tables.push_back({.table = name, .rows = source.count(name)});
    }
    all.push_back(std::move(copied));
  }
  return all;
}

std::vector<Copied> copy_databases(std::span<const CopyTask> tasks, const CopyProgress& progress) {
  for (const auto& task : tasks) require_ready(task);
  for (const auto& task : tasks) {
    if (task.target.is_server()) {
      bring_up_server(task.target.url, task.target.migrations);
    } else {
      bring_up_file(task.target.file, task.target.migrations);
    }
  }
  std::vector<Copied> done;
  std::vector<std::string> committed;
  try {
    copy_rest(tasks, progress, done, committed);
  } catch (const std::exception& fault) {
    if (committed.empty()) throw;
    throw std::runtime_error(std::string{fault.what()} + ". The " + committed.front() +
                             "'s state was copied before, in full: go on with the other role alone (--role)");
  }
  return done;
}

}  // namespace butler::migration
