#include "migration/catalogue.hpp"

#include <algorithm>

namespace butler::migration {

namespace {

/// Rows of table, column, type, place in the key, numbered; by table, columns in order.
Catalogue read_tables(sql::Statement& rows) {
  Catalogue tables;
  rows.bind();
  while (rows.step()) {
    if (tables.empty() || tables.back().name != rows.text(0)) tables.push_back({.name = rows.string(0)});
    tables.back().columns.push_back({.name = rows.string(1),
                                     .type = rows.string(2),
                                     .key = static_cast<int>(rows.integer(3)),
                                     .numbered = rows.integer(4) != 0});
  }
  return tables;
}

/// Rows of table and the table that it points to.
void add_references(Catalogue& tables, sql::Statement& rows) {
  rows.bind();
  while (rows.step()) {
    const auto table = std::ranges::find(tables, rows.text(0), &Table::name);
    if (table != tables.end()) table->references.push_back(rows.string(1));
  }
}

}  // namespace

Catalogue read_sqlite_catalogue(sql::Database& database) {
  auto tables = read_tables(
      database.prepared("SELECT found.name, part.name, part.type, part.pk, 0 "
                        "FROM sqlite_schema AS found, pragma_table_xinfo(found.name) AS part "
                        "WHERE found.type = 'table' AND found.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
                        "AND part.hidden = 0 ORDER BY found.name, part.cid"));
  add_references(tables,
                 database.prepared("SELECT found.name, points.\"table\" FROM sqlite_schema AS found, "
                                   "pragma_foreign_key_list(found.name) AS points WHERE found.type = 'table' "
                                   "ORDER BY found.name, points.id"));
  auto& counting = database.prepared(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%PRIMARY KEY AUTOINCREMENT%'");
  counting.bind();
  while (counting.step()) {
    const auto table = std::ranges::find(tables, counting.text(0), &Table::name);
    if (table != tables.end()) table->never_again = true;
  }
  return tables;
}

Catalogue read_postgres_catalogue(sql::Database& database) {
  auto tables = read_tables(database.prepared(
      "SELECT found.relname::text, part.attname::text, format_type(part.atttypid, part.atttypmod), "
      "coalesce(array_position(key.conkey, part.attnum), 0), (part.attidentity <> '')::int "
      "FROM pg_class AS found JOIN pg_namespace AS place ON place.oid = found.relnamespace "
      "JOIN pg_attribute AS part ON part.attrelid = found.oid "
      "LEFT JOIN pg_constraint AS key ON key.conrelid = found.oid AND key.contype = 'p' "
      "WHERE place.nspname = current_schema() AND found.relkind IN ('r', 'p') AND part.attnum > 0 "
      "AND NOT part.attisdropped AND part.attgenerated = '' "
      "ORDER BY found.relname::text COLLATE \"C\", part.attnum"));
  add_references(tables,
                 database.prepared(
                     "SELECT found.relname::text, other.relname::text FROM pg_constraint AS points "
                     "JOIN pg_class AS found ON found.oid = points.conrelid "
                     "JOIN pg_class AS other ON other.oid = points.confrelid "
                     "JOIN pg_namespace AS place ON place.oid = found.relnamespace "
                     "WHERE points.contype = 'f' AND place.nspname = current_schema() ORDER BY points.oid"));
  return tables;
}

}  // namespace butler::migration
