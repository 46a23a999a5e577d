#include "sql/postgres.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace butler::sql {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Does it; what PostgreSQL refuses is an Error.
template <class Work>
auto in_postgres(const Work& work) {
  try {
    return work();
  } catch (const postgres::Error& error) {
    throw Error(error.what());
  }
}

/// All rows are in memory after the first step.
class PostgresStatement final : public Statement {
 public:
  PostgresStatement(postgres::Connection& connection, std::string sql)
      : connection_(connection), sql_(std::move(sql)) {}

  bool step() override {
    if (!result_) ask();
    if (++row_ < result_->size()) return true;
    reset();
    return false;
  }
  std::int64_t run() override {
    ask();
    const std::int64_t changed = result_->changed();
    reset();
    return changed;
  }
  void reset() override {
    values_.clear();
    result_.reset();
    row_ = -1;
  }
  bool is_null(int column) const override { return row().is_null(column); }
  std::int64_t integer(int column) const override { return row().integer(column); }
  std::string_view text(int column) const override { return row().text(column); }

 protected:
  void put(std::nullptr_t) override { values_.push_back(postgres::parameter(nullptr)); }
  void put(std::int64_t value) override { values_.push_back(postgres::parameter(value)); }
  void put(std::string_view value) override { values_.push_back(postgres::parameter(value)); }

 private:
  void ask() {
    in_postgres([this] { result_ = connection_.query_with(sql_, values_); });
  }
  postgres::Row row() const { return result_.value()[row_]; }

  postgres::Connection& connection_;
  std::string sql_;
  std::vector<postgres::Parameter> values_;
  std::optional<postgres::Result> result_;
  int row_ = -1;
};

}  // namespace

std::string to_postgres(std::string_view sql) {
  constexpr std::string_view hint = " INDEXED BY ";
  std::string text;
  int parameters = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < sql.size(); ++at) {
    if (sql[at] == '\'') quoted = !quoted;
    if (!quoted && sql.substr(at).starts_with(hint)) {
      at = std::min(sql.find(' ', at + hint.size()), sql.size()) - 1;
      continue;
    }
    if (quoted || sql[at] != '?') {
      text += sql[at];
      continue;
    }
    text += '$';
    if (at + 1 == sql.size() || !is_digit(sql[at + 1])) text += std::to_string(++parameters);
  }
  return text;
}

Statement& PostgresDatabase::prepared(std::string_view sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return *found->second;
  auto statement = std::make_unique<PostgresStatement>(*connection_, to_postgres(sql));
  return *statements_.emplace(std::string{sql}, std::move(statement)).first->second;
}

void PostgresDatabase::transact(const std::function<void()>& work) {
  in_postgres([&] {
    postgres::Transaction transaction(*connection_);
    work();
    transaction.commit();
  });
}

void PostgresDatabase::part(const std::function<void()>& work) {
  in_postgres([&] {
    postgres::Savepoint savepoint(*connection_);
    work();
    savepoint.release();
  });
}

}  // namespace butler::sql
