#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "postgres/connection.hpp"
#include "store/postgres_memory.hpp"

namespace butler::store {

/// The two connections of a store and its parts: one writes, the other reads what is committed. Which of them
/// a statement meets is decided here, so that what asks is written once. What PostgreSQL refuses is a
/// StoreFault.
///
/// One thread, but for connection().commit(): while another thread has the writing connection for that, only
/// look() may be called.
class PostgresLink {
 public:
  /// Connects both. Throws ConnectionLost.
  /// @param target  of the connection that writes; the other one needs no on_connect
  explicit PostgresLink(postgres::Target target);

  /// What `work` returns; what PostgreSQL refuses in it is a StoreFault.
  template <class Work>
  auto refusing(Work work) {
    try {
      return work();
    } catch (const postgres::Conflict& error) {
      note_locked_out();
      throw StoreFault(error.what());
    } catch (const postgres::Error& error) {
      throw StoreFault(error.what());
    }
  }

  /// The answer to the statement. Throws StoreFault.
  template <class... Values>
  postgres::Result query(std::string_view sql, const Values&... values) {
    return refusing([&] { return (looking_ ? reader_ : connection_).query(sql, values...); });
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
    refuse_look();
    connection_.later(sql, values...);
  }

  /// The same, and its answer goes to `then`, at the latest at the end of the unit. What `then` throws comes
  /// out there.
  template <class... Values>
  void later_then(std::function<void(const postgres::Result&)> then, std::string_view sql,
                  const Values&... values) {
    refuse_look();
    connection_.later_then(std::move(then), sql, values...);
  }

  /// Sends what waits. Throws StoreFault.
  void flush() {
    refusing([this] { connection_.flush(); });
  }

  /// What this transaction remembers; nullptr outside of one, where others may write at any time.
  TransactionMemory* memory() { return !looking_ && connection_.in_transaction() ? &memory_ : nullptr; }
  /// The job of this row as the transaction knows it; nullptr: it has not looked.
  KnownJob* known(std::int64_t row) {
    auto* const remembered = memory();
    if (remembered == nullptr) return nullptr;
    const auto found = remembered->jobs.find(row);
    return found == remembered->jobs.end() ? nullptr : &found->second;
  }
  void forget() { memory_ = {}; }

  /// The connection that writes.
  postgres::Connection& connection() { return connection_; }
  const postgres::Connection& connection() const { return connection_; }

 private:
  void refuse_look() const {
    if (looking_) throw StoreFault("a look at the store tried to write");
  }

  postgres::Connection connection_;
  postgres::Connection reader_;
  std::int64_t connects_seen_;  ///< of the connection that writes: since then the server is there again
  TransactionMemory memory_;
  bool looking_ = false;
  bool was_locked_out_ = false;
};

/// The text as PostgreSQL will keep it.
inline std::string kept_text(std::string_view text) { return postgres::parameter(text).value(); }

}  // namespace butler::store
