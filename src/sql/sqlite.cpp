#include "sql/sqlite.hpp"

#include <utility>

namespace butler::sql {

namespace {

/// Does it; what SQLite refuses is an Error.
template <class Work>
auto in_sqlite(const Work& work) {
  try {
    return work();
  } catch (const sqlite::Error& error) {
    throw Error(error.what());
  }
}

class SqliteStatement final : public Statement {
 public:
  explicit SqliteStatement(sqlite::Statement& statement) : statement_(statement) {}

  bool step() override {
    return in_sqlite([this] { return statement_.step(); });
  }
  std::int64_t run() override {
    return in_sqlite([this] { return statement_.run(); });
  }
  void reset() override {
    statement_.reset();
    bound_ = 0;
  }
  bool is_null(int column) const override { return statement_.is_null(column); }
  std::int64_t integer(int column) const override { return statement_.integer(column); }
  std::string_view text(int column) const override { return statement_.text(column); }

 protected:
  void put(std::nullptr_t) override { put_next(nullptr); }
  void put(std::int64_t value) override { put_next(value); }
  void put(std::string_view value) override { put_next(value); }

 private:
  template <class Value>
  void put_next(Value value) {
    in_sqlite([&] { statement_.bind_at(++bound_, value); });
  }

  sqlite::Statement& statement_;
  int bound_ = 0;
};

}  // namespace

Statement& SqliteDatabase::prepared(std::string_view sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return *found->second;
  auto statement = in_sqlite([&] { return std::make_unique<SqliteStatement>(database_.prepared(sql)); });
  return *statements_.emplace(std::string{sql}, std::move(statement)).first->second;
}

void SqliteDatabase::transact(const std::function<void()>& work) {
  in_sqlite([&] {
    sqlite::Transaction transaction(database_);
    work();
    transaction.commit();
  });
}

void SqliteDatabase::part(const std::function<void()>& work) {
  in_sqlite([&] {
    sqlite::Savepoint savepoint(database_);
    work();
    savepoint.release();
  });
}

}  // namespace butler::sql
