#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "domain/embedded_file.hpp"
#include "migration/catalogue.hpp"
#include "migration/copy_plan.hpp"
#include "migration/schema.hpp"
#include "sql/database.hpp"

/// The two ends of a copy.
namespace butler::migration {

/// Where a role's database is, or may be.
struct CopyPlace {
  std::string name = {};            ///< for people; no secret
  std::filesystem::path file = {};  ///< "" for a server's
  std::string url = {};
  std::span<const domain::EmbeddedFile> migrations = {};

  bool is_server() const { return file.empty(); }
  Schema look() const;
};

/// A database that is read, or written to.
class CopyEnd {
 public:
  /// Nothing of the database is changed. Throws what opening throws.
  static CopyEnd to_read(const CopyPlace& place);
  /// As long as one of these is there, no role can use its server's database: each one's lock is held.
  /// Throws std::runtime_error when a role has it.
  static CopyEnd to_copy_from(const CopyPlace& place);
  static CopyEnd to_write(const CopyPlace& place);

  bool is_server() const { return is_server_; }
  sql::Database& database() { return *database_; }
  Catalogue catalogue();
  std::int64_t count(const std::string& table);
  /// The first of these tables that has a row; "" for none.
  std::string first_with_rows(const std::vector<std::string>& tables);
  /// The key of the first row of a file's table with U+0000 in a text; "" for none.
  std::string first_with_nul(const Table& table);

  /// Does `work` with what the tables hold at one moment; on a server nobody else changes them meanwhile.
  void hold_to_read(const CopyPlan& plan, const std::function<void()>& work);
  /// Does `work` in one transaction, in which nobody else changes the tables.
  void hold_to_write(const CopyPlan& plan, const std::function<void()>& work);

  /// The rows of a table one after the other, by its key; of a server's table some are in memory.
  void each_row(const CopiedTable& table, const std::function<void(const sql::Statement&)>& take);

  /// The highest number that a numbered table has given; 0 for none.
  std::int64_t highest_number(const CopiedTable& table);
  /// Makes a numbered table go on after this number.
  void go_on_after(const CopiedTable& table, std::int64_t number);

 private:
  CopyEnd(std::unique_ptr<sql::Database> database, bool is_server)
      : database_(std::move(database)), is_server_(is_server) {}
  std::int64_t integer_of(const std::string& sql);
  void lock(const CopyPlan& plan, const char* mode);

  std::unique_ptr<sql::Database> database_;
  bool is_server_;
};

/// A name as both databases read it: "row" is a word of SQL's.
std::string quoted_name(const std::string& name);
/// Names in order, quoted, with commas.
std::string quoted_names(const std::vector<std::string>& names);

}  // namespace butler::migration
