#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "postgres/connection.hpp"
#include "store/job_store.hpp"

namespace butler::store {

/// The connection of a store and its parts; what PostgreSQL refuses is a StoreFault.
class PostgresLink {
 public:
  explicit PostgresLink(postgres::Target target) : connection_(std::move(target)) {}

  /// The answer to the statement. Throws StoreFault.
  template <class... Values>
  postgres::Result query(std::string_view sql, const Values&... values) {
    try {
      return connection_.query(sql, values...);
    } catch (const postgres::Conflict& error) {
      note_locked_out();
      throw StoreFault(error.what());
    } catch (const postgres::Error& error) {
      throw StoreFault(error.what());
    }
  }

  /// Somebody else's lock has stopped a statement.
  void note_locked_out() { was_locked_out_ = true; }
  /// Whether it has since this was last asked.
  bool was_locked_out() { return std::exchange(was_locked_out_, false); }

  /// Sends the statement with the next query, or at the end of the unit, where its fault comes out. Only
  /// within a unit.
  template <class... Values>
  void later(std::string_view sql, const Values&... values) {
    connection_.later(sql, values...);
  }

  postgres::Connection& connection() { return connection_; }
  const postgres::Connection& connection() const { return connection_; }

 private:
  postgres::Connection connection_;
  bool was_locked_out_ = false;
};

/// The text as PostgreSQL will keep it.
inline std::string kept_text(std::string_view text) { return postgres::parameter(text).value(); }

}  // namespace butler::store
