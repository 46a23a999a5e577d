#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "sqlite/database.hpp"

namespace butler::store {

/// The two connections of a store and its parts to one file: one writes, the other reads what is committed.
/// Which of them a statement meets is decided here, so that what asks is written once.
///
/// One thread, but for database().commit: while another thread has the writing connection for that, only
/// look() may be called.
class SqliteLink {
 public:
  explicit SqliteLink(sqlite::Database database) : database_(std::move(database)) {}

  sqlite::Statement& prepared(std::string_view sql) {
    return (looking_ ? *reader_ : database_).prepared(sql);
  }

  /// Within it statements meet what is committed, as it was when the first of them ran, and none may write.
  /// Throws sqlite::Error.
  void look(const std::function<void()>& work);

  /// The connection that writes.
  sqlite::Database& database() { return database_; }
  const sqlite::Database& database() const { return database_; }
  std::int64_t last_insert_row() const { return database_.last_insert_row(); }

 private:
  sqlite::Database database_;
  std::optional<sqlite::Database> reader_;  ///< opened when first needed
  bool looking_ = false;
};

}  // namespace butler::store
