#include "sqlite/read_only.hpp"

#include <sqlite3.h>

#include <system_error>

namespace butler::sqlite {

namespace fs = std::filesystem;

namespace {

constexpr int steps_between_looks = 10'000;
constexpr int patience_ms = 2'000;

/// A file: address of SQLite's, in which some characters would mean something else.
std::string file_address(const fs::path& file, bool immutable) {
  constexpr const char* digits = "0123456789abcdef";
  std::string address = "file:";
  for (const char c : file.string()) {
    if (c == '%' || c == '?' || c == '#') {
      const auto byte = static_cast<unsigned char>(c);
      address.append("%").append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
    } else {
      address += c;
    }
  }
  return address + (immutable ? "?immutable=1" : "?mode=ro");
}

/// True when a write-ahead log holds what the file does not, or somebody has the database open.
bool has_log(const fs::path& file) {
  std::error_code missing;
  return fs::exists(file.string() + "-wal", missing);
}

}  // namespace

std::string read_only_address(const fs::path& file) { return file_address(file, !has_log(file)); }

void ReadOnlyDatabase::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

ReadOnlyDatabase::ReadOnlyDatabase(const fs::path& file, std::chrono::milliseconds limit)
    : deadline_(std::chrono::steady_clock::now() + limit) {
  sqlite3* handle = nullptr;
  const std::string address = read_only_address(file);
  const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int opened = sqlite3_open_v2(address.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  if (opened != SQLITE_OK) fail(opened);
  sqlite3_busy_timeout(handle, patience_ms);
  sqlite3_progress_handler(handle, steps_between_looks, is_late, this);
}

int ReadOnlyDatabase::is_late(void* self) {
  const auto& database = *static_cast<ReadOnlyDatabase*>(self);
  return std::chrono::steady_clock::now() > database.deadline_ ? 1 : 0;
}

void ReadOnlyDatabase::fail(int result) const {
  const std::string reason = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(result);
  switch (result & 0xFF) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: throw Damaged(reason);
    case SQLITE_INTERRUPT: throw Interrupted(reason);
    default: throw std::runtime_error(reason);
  }
}

std::vector<std::vector<std::string>> ReadOnlyDatabase::query(const std::string& sql) {
  sqlite3_stmt* prepared = nullptr;
  const int result = sqlite3_prepare_v2(handle_.get(), sql.c_str(), -1, &prepared, nullptr);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(prepared, sqlite3_finalize);
  if (result != SQLITE_OK) fail(result);
  std::vector<std::vector<std::string>> rows;
  for (;;) {
    const int step = sqlite3_step(prepared);
    if (step == SQLITE_DONE) return rows;
    if (step != SQLITE_ROW) fail(step);
    auto& row = rows.emplace_back();
    for (int column = 0; column < sqlite3_column_count(prepared); ++column) {
      const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(prepared, column));
      row.emplace_back(text == nullptr ? "" : text);
    }
  }
}

}  // namespace butler::sqlite
