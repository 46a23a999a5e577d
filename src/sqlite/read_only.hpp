#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

struct sqlite3;

namespace butler::sqlite {

/// The file is no database, or a damaged one.
class Damaged : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The time for looking was over.
class Interrupted : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The address by which SQLite opens a file (SQLITE_OPEN_URI) of which nothing is to be changed. Where nobody
/// has it open, not even a lock is taken.
std::string read_only_address(const std::filesystem::path& file);

/// A look at a database that others may be writing to: nothing in the file is changed, and nobody who writes
/// waits for it. Where nobody has it open, not even the files beside it are made. One thread.
class ReadOnlyDatabase {
 public:
  /// All queries together may take `limit`. Throws Damaged, and std::runtime_error when it cannot be opened.
  ReadOnlyDatabase(const std::filesystem::path& file, std::chrono::milliseconds limit);

  /// The rows as text. Throws Damaged, Interrupted, and std::runtime_error.
  std::vector<std::vector<std::string>> query(const std::string& sql);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  static int is_late(void* self);
  [[noreturn]] void fail(int result) const;

  std::chrono::steady_clock::time_point deadline_;
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace butler::sqlite
