#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

/// Thin RAII over the SQLite C API. One thread per Database. What SQLite refuses is an exception: nobody can
/// do better than give up on the request (Error), or on the process (a failed COMMIT: CommitFailed).
namespace butler::sqlite {

class Error : public std::runtime_error {
 public:
  Error(int result_code, const std::string& what) : std::runtime_error(what), code(result_code) {}
  int code;  ///< SQLite's extended result code
};

/// The transaction's outcome on disk is unknown: answer 503, exit, recover from disk. Never go on.
class CommitFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A prepared statement. Parameters are bound by position, columns are read by position from 0.
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql);
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// Resets the statement and binds all parameters, in order. Text and blobs are copied.
  template <class... Values>
  Statement& bind(const Values&... values) {
    reset();
    int position = 0;
    (bind_one(++position, values), ...);
    return *this;
  }

  /// Binds one parameter, by position from 1. For callers that do not have all at once, after reset().
  template <class Value>
  void bind_at(int position, const Value& value) {
    bind_one(position, value);
  }

  /// Runs to the next row; false when there is none (the statement is reset then).
  bool step();

  /// Runs a statement that gives no rows; returns how many rows it changed.
  std::int64_t run();

  void reset();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  /// Valid until the next step, reset or bind.
  std::string_view text(int column) const;
  std::string string(int column) const { return std::string{text(column)}; }
  std::optional<std::string> optional_string(int column) const;
  std::optional<std::int64_t> optional_integer(int column) const;

 private:
  void bind_one(int position, std::nullptr_t);
  void bind_one(int position, std::int64_t value);
  void bind_one(int position, int value) { bind_one(position, std::int64_t{value}); }
  void bind_one(int position, std::size_t value) { bind_one(position, static_cast<std::int64_t>(value)); }
  void bind_one(int position, bool value) { bind_one(position, std::int64_t{value}); }
  void bind_one(int position, double value);
  void bind_one(int position, std::string_view value);
  void bind_one(int position, const std::string& value) { bind_one(position, std::string_view{value}); }
  void bind_one(int position, const char* value) { bind_one(position, std::string_view{value}); }
  template <class T>
  void bind_one(int position, const std::optional<T>& value) {
    if (value) {
      bind_one(position, *value);
    } else {
      bind_one(position, nullptr);
    }
  }
  void check(int result) const;

  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
};

/// One connection: WAL, synchronous=FULL, foreign keys on, defensive, files 0600.
class Database {
 public:
  /// Opens or creates the file. A file that is no database, or damaged, throws Error with its name and what
  /// to do; it is never replaced.
  static Database open(const std::filesystem::path& file);
  /// Opens a file that is there to read it; nothing in it is changed. Throws Error.
  static Database open_read_only(const std::filesystem::path& file);
  /// Another connection to a database that this process has open: it sees what is committed, and cannot
  /// write. Throws Error.
  static Database open_reader(const std::filesystem::path& file);
  /// As open_reader(), for checkpoint().
  static Database open_beside(const std::filesystem::path& file);
  Database(Database&&) noexcept = default;
  Database& operator=(Database&&) noexcept = default;
  ~Database();

  /// A statement that is prepared once per distinct text and kept. Do not use one while it is stepping.
  Statement& prepared(std::string_view sql);

  /// Runs one or more statements without parameters or rows.
  void execute(const std::string& sql);

  /// Calls it after each commit of this connection, in the thread that commits, with the number of pages in
  /// the write-ahead log. SQLite then leaves the log as it is (its own checkpoint after 1 000 pages is this
  /// call's default); an empty function gives it back.
  void on_commit(std::function<void(int pages)> call);
  /// Copies the write-ahead log into the file; waits for those who write when `begin_again`, so that the log
  /// can begin again. Throws Error.
  void checkpoint(bool begin_again);

  /// Resets statements that are stepping: one that an exception has left so would keep what it sees alive.
  void end_statements();

  std::int64_t last_insert_row() const;
  /// Rows that were inserted, changed or deleted since the database was opened.
  std::int64_t changed_rows() const;
  const std::filesystem::path& file() const { return file_; }
  bool in_transaction() const;

 private:
  friend class SchemaIsOpen;
  struct Close {
    void operator()(sqlite3* database) const;
  };
  struct TextHash {
    using is_transparent = void;
    /// Of the end alone: statements of half a kilobyte are looked up a dozen times for a request, and
    /// differ there.
    std::size_t operator()(std::string_view text) const {
      constexpr std::size_t hashed = 48;
      return std::hash<std::string_view>{}(text.substr(text.size() - std::min(hashed, text.size()))) +
             text.size();
    }
  };

  explicit Database(std::filesystem::path file);
  static Database open_known(const std::filesystem::path& file, int access);
  Error fault(int result, const std::string& doing) const;
  void defend_schema(bool on);

  std::filesystem::path file_;
  std::unique_ptr<std::function<void(int)>> on_commit_;  ///< where SQLite knows it, also when this is moved
  std::unique_ptr<sqlite3, Close> handle_;
  std::unordered_map<std::string, std::unique_ptr<Statement>, TextHash, std::equal_to<>> statements_;
};

/// While it lives, statements may write the schema's own table, as a migration must that changes a CHECK
/// (sqlite.org/lang_altertable.html § 7); at all other times SQLite refuses that (SQLITE_DBCONFIG_DEFENSIVE).
class SchemaIsOpen {
 public:
  explicit SchemaIsOpen(Database& database);
  SchemaIsOpen(const SchemaIsOpen&) = delete;
  SchemaIsOpen& operator=(const SchemaIsOpen&) = delete;
  ~SchemaIsOpen();

 private:
  Database& database_;
};

/// BEGIN IMMEDIATE … COMMIT. Rolls back when it is destroyed without commit().
class Transaction {
 public:
  explicit Transaction(Database& database);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  /// Durable on disk when it returns. Throws CommitFailed.
  void commit();

 private:
  Database* database_;
};

/// While it lives, what a reading connection sees stays as it was at its first statement.
class Snapshot {
 public:
  explicit Snapshot(Database& reader);
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot();

 private:
  Database& reader_;
};

/// A part of a transaction that can fail by itself. Rolls back when it is destroyed without release().
class Savepoint {
 public:
  explicit Savepoint(Database& database);
  Savepoint(const Savepoint&) = delete;
  Savepoint& operator=(const Savepoint&) = delete;
  ~Savepoint();

  void release();

 private:
  Database* database_;
};

}  // namespace butler::sqlite
