#include "migration/copy_plan.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace butler::migration {

namespace {

constexpr const char* notes_of_migrations = "migrations";

using Problems = std::vector<std::string>;

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

std::optional<Kind> kind_of(const std::string& type) {
  constexpr std::array<std::pair<const char*, Kind>, 6> kinds{{{"INTEGER", Kind::integer},
                                                               {"TEXT", Kind::text},
                                                               {"bigint", Kind::integer},
                                                               {"integer", Kind::integer},
                                                               {"smallint", Kind::integer},
                                                               {"text", Kind::text}}};
  const auto* const found = std::ranges::find(kinds, type, [](const auto& kind) { return kind.first; });
  return found == kinds.end() ? std::nullopt : std::optional{found->second};
}

std::vector<std::string> key_of(const Table& table) {
  std::vector<const Column*> parts;
  for (const auto& column : table.columns) {
    if (column.key > 0) parts.push_back(&column);
  }
  std::ranges::sort(parts, {}, [](const Column* column) { return column->key; });
  std::vector<std::string> names;
  names.reserve(parts.size());
  for (const auto* const column : parts) names.push_back(column->name);
  return names;
}

/// Columns of `table` that `other` has not, and that were not declared.
void look_for_missing(const Table& table, const Table& other, const std::vector<std::string>& declared,
                      const char* where, Problems& problems) {
  for (const auto& column : table.columns) {
    const std::string full = table.name + "." + column.name;
    const bool there = std::ranges::find(other.columns, column.name, &Column::name) != other.columns.end();
    if (!there && !holds(declared, full)) problems.push_back(full + " is there only in " + where);
  }
}

void add_column(CopiedTable& copied, const Column& sqlite, const Column& postgres,
                const Differences& differences, Problems& problems) {
  auto kind = kind_of(sqlite.type);
  if (!kind || kind_of(postgres.type) != kind) {
    problems.push_back(copied.name + "." + sqlite.name + " is " + sqlite.type + " in SQLite and " +
                       postgres.type + " in PostgreSQL");
    return;
  }
  if (kind == Kind::text && holds(differences.json_texts, copied.name + "." + sqlite.name)) {
    kind = Kind::texts;
  }
  copied.columns.push_back({.name = sqlite.name, .kind = *kind});
  if (postgres.numbered) copied.numbered = sqlite.name;
}

CopiedTable plan_table(const Table& sqlite, const Table& postgres, const Differences& differences,
                       Problems& problems) {
  CopiedTable copied{.name = sqlite.name,
                     .key = key_of(sqlite),
                     .never_again = sqlite.never_again,
                     .seeded = holds(differences.seeded, sqlite.name)};
  look_for_missing(sqlite, postgres, differences.sqlite_columns, "SQLite", problems);
  look_for_missing(postgres, sqlite, differences.postgres_columns, "PostgreSQL", problems);
  for (const auto& column : sqlite.columns) {
    const auto other = std::ranges::find(postgres.columns, column.name, &Column::name);
    if (other != postgres.columns.end()) add_column(copied, column, *other, differences, problems);
  }
  if (copied.key.empty()) problems.push_back(sqlite.name + " has no primary key");
  if (copied.key != key_of(postgres)) problems.push_back(sqlite.name + " has another primary key in each");
  if (sqlite.never_again && copied.numbered.empty()) {
    problems.push_back(sqlite.name + " is numbered by SQLite alone");
  }
  return copied;
}

std::vector<std::string> references_of(const Catalogue& catalogue, const std::string& name) {
  const auto table = std::ranges::find(catalogue, name, &Table::name);
  return table == catalogue.end() ? std::vector<std::string>{} : table->references;
}

/// Whether all that this table refers to, in either database, is among `placed`.
bool can_follow(const CopiedTable& table, const CopyPlan& placed, const Catalogue& sqlite,
                const Catalogue& postgres) {
  const auto is_placed = [&](const std::string& name) {
    return name == table.name || std::ranges::find(placed, name, &CopiedTable::name) != placed.end();
  };
  return std::ranges::all_of(references_of(sqlite, table.name), is_placed) &&
         std::ranges::all_of(references_of(postgres, table.name), is_placed);
}

CopyPlan in_order(CopyPlan tables, const Catalogue& sqlite, const Catalogue& postgres, Problems& problems) {
  CopyPlan placed;
  std::ranges::sort(tables, {}, [](const auto& table) { return std::pair{table.seeded, table.name}; });
  while (!tables.empty()) {
    const auto next = std::ranges::find_if(
        tables, [&](const auto& table) { return can_follow(table, placed, sqlite, postgres); });
    if (next == tables.end()) {
      problems.push_back(tables.front().name + " refers to a table that cannot be copied before it");
      break;
    }
    placed.push_back(std::move(*next));
    tables.erase(next);
  }
  return placed;
}

}  // namespace

const Differences& orchestrator_differences() {
  static const Differences differences{
      .seeded = {"admin", "artifact_bytes", "announcements"},
      .postgres_tables = {"announcements", "orchestrators", "sightings"},
      .postgres_columns = {"leases.expires_at"},
      .sqlite_columns = {"leases.open_approvals"},  // nobody reads it any more
      .json_texts = {"jobs.labels"},                // the queue is asked by them
      .sealed = {"audit"},
  };
  return differences;
}

const Differences& gateway_differences() {
  static const Differences differences;
  return differences;
}

std::vector<std::string> names_of(const CopiedTable& table) {
  std::vector<std::string> names;
  names.reserve(table.columns.size());
  for (const auto& column : table.columns) names.push_back(column.name);
  return names;
}

std::expected<CopyPlan, std::vector<std::string>> plan_copy(const Catalogue& sqlite,
                                                            const Catalogue& postgres,
                                                            const Differences& differences) {
  Problems problems;
  CopyPlan tables;
  for (const auto& table : sqlite) {
    if (table.name == notes_of_migrations) continue;
    const auto other = std::ranges::find(postgres, table.name, &Table::name);
    if (other == postgres.end()) {
      problems.push_back("the table " + table.name + " is there only in SQLite");
    } else {
      tables.push_back(plan_table(table, *other, differences, problems));
    }
  }
  for (const auto& table : postgres) {
    const bool there = std::ranges::find(sqlite, table.name, &Table::name) != sqlite.end();
    if (there || table.name == notes_of_migrations || holds(differences.postgres_tables, table.name))
      continue;
    problems.push_back("the table " + table.name + " is there only in PostgreSQL");
  }
  auto plan = in_order(std::move(tables), sqlite, postgres, problems);
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return plan;
}

std::vector<std::string> tables_of_state(const Catalogue& catalogue, const Differences& differences) {
  std::vector<std::string> names;
  for (const auto& table : catalogue) {
    const bool other = table.name == notes_of_migrations || holds(differences.seeded, table.name) ||
                       holds(differences.postgres_tables, table.name);
    if (!other) names.push_back(table.name);
  }
  return names;
}

}  // namespace butler::migration
