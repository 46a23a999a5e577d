#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

/// Statements that SQLite and PostgreSQL both understand, run against either. One thread per Database.
///
/// The texts are written once: `?` and `?3` are parameters, flags are 0 or 1, and a comparison is no value
/// (CASE WHEN … makes it one). `INDEXED BY` is for SQLite's planner, PostgreSQL does not see it.
namespace butler::sql {

/// The database has refused a statement, or is not reached: what it should have changed is not changed.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A prepared statement. Columns are read by position from 0.
class Statement {
 public:
  Statement() = default;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  virtual ~Statement() = default;

  /// Resets the statement and binds all parameters, in order. Text is copied.
  template <class... Values>
  Statement& bind(const Values&... values) {
    reset();
    (put(values), ...);
    return *this;
  }

  /// Binds the next parameter, after reset(): for callers that do not have all at once. Text is copied.
  template <class Value>
  Statement& add(const Value& value) {
    put(value);
    return *this;
  }

  /// Runs to the next row; false when there is none (the statement is reset then). Throws Error.
  virtual bool step() = 0;
  /// Runs a statement that gives no rows; returns how many rows it changed. Throws Error.
  virtual std::int64_t run() = 0;
  /// Forgets the rows and the parameters.
  virtual void reset() = 0;

  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  /// Valid until the next step, reset or bind.
  virtual std::string_view text(int column) const = 0;
  std::string string(int column) const { return std::string{text(column)}; }
  std::optional<std::string> optional_string(int column) const {
    return is_null(column) ? std::nullopt : std::optional{string(column)};
  }
  std::optional<std::int64_t> optional_integer(int column) const {
    return is_null(column) ? std::nullopt : std::optional{integer(column)};
  }

 protected:
  virtual void put(std::nullptr_t) = 0;
  virtual void put(std::int64_t value) = 0;
  virtual void put(std::string_view value) = 0;

 private:
  void put(int value) { put(std::int64_t{value}); }
  void put(bool value) { put(std::int64_t{value}); }
  void put(std::size_t value) { put(static_cast<std::int64_t>(value)); }
  void put(const std::string& value) { put(std::string_view{value}); }
  void put(const char* value) { put(std::string_view{value}); }
  template <class T>
  void put(const std::optional<T>& value) {
    if (value) {
      put(*value);
    } else {
      put(nullptr);
    }
  }
};

/// One connection.
class Database {
 public:
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  virtual ~Database() = default;

  /// A statement that is prepared once per distinct text and kept. Do not use one while it is stepping.
  virtual Statement& prepared(std::string_view sql) = 0;

  /// A transaction: what `work` does is durable when this returns, and undone when it throws. Throws Error
  /// when nothing was changed; the CommitFailed of the database's module when nobody knows.
  virtual void transact(const std::function<void()>& work) = 0;

  /// A part of the open transaction that is undone by itself when `work` throws. Throws Error.
  virtual void part(const std::function<void()>& work) = 0;

  /// What and where it is, for messages; no secret.
  virtual std::string name() const = 0;
};

}  // namespace butler::sql
