#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "postgres/connection.hpp"
#include "store/job_store.hpp"

namespace butler::store {

/// The two connections of a store and its parts: one writes, the other reads what is committed. Which of them
/// a statement meets is decided here, so that what asks is written once. What PostgreSQL refuses is a
/// StoreFault.
///
/// One thread, but for connection().commit(): while another thread has the writing connection for that, only
/// look() may be called.
class PostgresLink {
 public:
  /// @param target  of the connection that writes; the other one, made when first needed, needs no
  /// on_connect
  explicit PostgresLink(postgres::Target target);

  /// The answer to the statement. Throws StoreFault.
  template <class... Values>
  postgres::Result query(std::string_view sql, const Values&... values) {
    try {
      return (looking_ ? reader_ : connection_).query(sql, values...);
    } catch (const postgres::Conflict& error) {
      note_locked_out();
      throw StoreFault(error.what());
    } catch (const postgres::Error& error) {
      throw StoreFault(error.what());
    }
  }

  /// Within it statements meet what is committed, as it was when the first of them ran, and none may write.
  /// Throws StoreFault.
  void look(const std::function<void()>& work);

  /// Somebody else's lock has stopped a statement.
  void note_locked_out() { was_locked_out_ = true; }
  /// Whether it has since this was last asked.
  bool was_locked_out() { return std::exchange(was_locked_out_, false); }

  /// Sends the statement with the next query, or at the end of the unit, where its fault comes out. Only
  /// within a unit.
  template <class... Values>
  void later(std::string_view sql, const Values&... values) {
    if (looking_) throw StoreFault("a look at the store tried to write");
    connection_.later(sql, values...);
  }

  /// The connection that writes.
  postgres::Connection& connection() { return connection_; }
  const postgres::Connection& connection() const { return connection_; }

 private:
  postgres::Connection connection_;
  postgres::Connection reader_;
  bool looking_ = false;
  bool was_locked_out_ = false;
};

/// The text as PostgreSQL will keep it.
inline std::string kept_text(std::string_view text) { return postgres::parameter(text).value(); }

}  // namespace butler::store
