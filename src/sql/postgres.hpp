#pragma once

#include <memory>
#include <unordered_map>

#include "postgres/connection.hpp"
#include "sql/database.hpp"

namespace butler::sql {

/// The text as PostgreSQL reads it: `$1` for `?` and `?1`, nothing for `INDEXED BY name`.
std::string to_postgres(std::string_view sql);

/// A database of a PostgreSQL server.
class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(std::unique_ptr<postgres::Connection> connection)
      : connection_(std::move(connection)) {}

  Statement& prepared(std::string_view sql) override;
  void transact(const std::function<void()>& work) override;
  void part(const std::function<void()>& work) override;
  std::string name() const override { return connection_->name(); }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::unique_ptr<postgres::Connection> connection_;
  std::unordered_map<std::string, std::unique_ptr<Statement>, TextHash, std::equal_to<>> statements_;
};

}  // namespace butler::sql
