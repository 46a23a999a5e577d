#pragma once

#include <string>
#include <vector>

#include "sql/database.hpp"

/// What tables a database has, as the database itself says.
namespace butler::migration {

struct Column {
  std::string name = {};
  std::string type = {};  ///< as the database calls it: "INTEGER", "bigint", "text"
  int key = 0;            ///< its place in the primary key, from 1; 0 for none
  bool numbered = false;  ///< PostgreSQL gives its numbers (IDENTITY)
};

struct Table {
  std::string name = {};
  std::vector<Column> columns = {};          ///< in order; computed ones are not among them
  std::vector<std::string> references = {};  ///< tables that its foreign keys point to
  bool never_again = false;                  ///< SQLite never gives a number twice (AUTOINCREMENT)
};

using Catalogue = std::vector<Table>;

/// Of a SQLite file; what SQLite keeps for itself is left out. Throws sql::Error.
Catalogue read_sqlite_catalogue(sql::Database& database);

/// Of a server's database: the tables of the schema that new tables would go to. Throws sql::Error.
Catalogue read_postgres_catalogue(sql::Database& database);

}  // namespace butler::migration
