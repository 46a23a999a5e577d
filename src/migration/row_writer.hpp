#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "migration/copy_plan.hpp"
#include "sql/database.hpp"

namespace butler::migration {

/// Writes the rows of one table, several with a statement: to a server each one is a round trip.
class RowWriter {
 public:
  RowWriter(sql::Database& target, bool is_server, const CopiedTable& table)
      : target_(target), table_(table), is_server_(is_server) {}

  /// Takes a row with the table's columns in order; it is written with this call or a later one.
  void add(const sql::Statement& row);
  /// Writes what was taken and not yet written.
  void finish();

  std::int64_t rows() const { return rows_; }
  /// Texts in which U+0000 had to give way to U+FFFD, because PostgreSQL keeps none.
  std::int64_t replaced() const { return replaced_; }

 private:
  using Value = std::variant<std::nullptr_t, std::int64_t, std::string>;

  void write(std::size_t from, std::size_t rows);
  std::string insertion(std::size_t rows) const;

  sql::Database& target_;
  const CopiedTable& table_;
  bool is_server_;
  std::vector<Value> waiting_ = {};
  std::size_t waiting_bytes_ = 0;
  std::int64_t rows_ = 0;
  std::int64_t replaced_ = 0;
};

}  // namespace butler::migration
