#pragma once

#include <memory>
#include <unordered_map>

#include "sql/database.hpp"
#include "sqlite/database.hpp"

namespace butler::sql {

/// A SQLite file.
class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(sqlite::Database database) : database_(std::move(database)) {}

  Statement& prepared(std::string_view sql) override;
  void transact(const std::function<void()>& work) override;
  void part(const std::function<void()>& work) override;
  std::string name() const override { return database_.file().string(); }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  sqlite::Database database_;
  std::unordered_map<std::string, std::unique_ptr<Statement>, TextHash, std::equal_to<>> statements_;
};

}  // namespace butler::sql
