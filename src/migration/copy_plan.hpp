#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "migration/catalogue.hpp"

/// What a copy from one kind of database into the other has to do. Pure.
namespace butler::migration {

enum class Kind : std::uint8_t {
  integer,
  text,
  texts,  ///< JSON: an array of texts, which PostgreSQL is asked to read
};

/// How the two forms of one schema differ, by intention. What differs and does not stand here stops a copy: a
/// column that was forgotten on one side is no column that gets lost.
struct Differences {
  std::vector<std::string> seeded = {};            ///< tables to which the schema itself gives a row
  std::vector<std::string> postgres_tables = {};   ///< only there: what processes know of each other
  std::vector<std::string> postgres_columns = {};  ///< only there: "table.column"
  std::vector<std::string> sqlite_columns = {};    ///< as above
  std::vector<std::string> json_texts = {};        ///< columns as above whose text is an array of texts
  std::vector<std::string> sealed = {};            ///< tables whose rows have a hash of their texts
};

/// Of schema/orchestrator. A lease's end is by the server's clock; where nobody has served for a while, each
/// job that runs gets a lease anew, as after a start with SQLite.
const Differences& orchestrator_differences();
/// Of schema/gateway: none.
const Differences& gateway_differences();

struct CopiedColumn {
  std::string name = {};
  Kind kind = Kind::text;

  bool operator==(const CopiedColumn&) const = default;
};

struct CopiedTable {
  std::string name = {};
  std::vector<CopiedColumn> columns = {};
  std::vector<std::string> key = {};  ///< the columns by which rows are read in order
  std::string numbered = {};          ///< the column whose numbers PostgreSQL gives; "" for none
  bool never_again = false;           ///< a number that was given is not given again, in SQLite too
  bool seeded = false;                ///< what the schema has put there goes before
};

/// The names of its columns, in order.
std::vector<std::string> names_of(const CopiedTable& table);

/// The tables in the order in which they are copied: a row comes after those that it refers to, and what the
/// schema has seeded comes last, because triggers count in it.
using CopyPlan = std::vector<CopiedTable>;

/// Gives the plan, or every difference that was not declared, as sentences.
std::expected<CopyPlan, std::vector<std::string>> plan_copy(const Catalogue& sqlite,
                                                            const Catalogue& postgres,
                                                            const Differences& differences);

/// The tables whose rows are somebody's state: all but the notes of migrations, what the schema seeds, and
/// what processes know of each other.
std::vector<std::string> tables_of_state(const Catalogue& catalogue, const Differences& differences);

}  // namespace butler::migration
