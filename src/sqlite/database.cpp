#include "sqlite/database.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

#include <utility>

#include "log/log.hpp"
#include "sqlite/memory.hpp"
#include "sqlite/read_only.hpp"

namespace butler::sqlite {

namespace {

constexpr int busy_timeout_ms = 5'000;
constexpr int checkpoint_timeout_ms = 20;
constexpr int default_checkpoint_pages = 1'000;  // SQLITE_DEFAULT_WAL_AUTOCHECKPOINT

std::string describe(sqlite3* database, int result) {
  return std::string{database == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(database)};
}

/// SQLite counts its allocations under a lock that every one of them takes, and nobody here asks for the
/// count (sqlite.org/malloc.html § 3.6). Has no effect where somebody has opened a database before. The
/// sanitizers watch malloc: they see every block.
void configure_once() {
  static const int result = [] {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
#ifdef BUTLER_SANITIZED
    return SQLITE_OK;
#else
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &kept_memory());
#endif
  }();
  static_cast<void>(result);
}

bool means_damaged(int result) {
  const int primary = result & 0xFF;
  return primary == SQLITE_NOTADB || primary == SQLITE_CORRUPT;
}

}  // namespace

Statement::Statement(sqlite3* database, std::string_view sql) : database_(database) {
  check(sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                           &statement_, nullptr));
}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::check(int result) const {
  if (result != SQLITE_OK) {
    throw Error(sqlite3_extended_errcode(database_), "SQLite: " + describe(database_, result));
  }
}

bool Statement::step() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) {
    const Error error(sqlite3_extended_errcode(database_), "SQLite: " + describe(database_, result));
    sqlite3_reset(statement_);
    throw error;
  }
  sqlite3_reset(statement_);
  return false;
}

std::int64_t Statement::run() {
  while (step()) {
  }
  return sqlite3_changes64(database_);
}

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }

std::string_view Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::optional<std::string> Statement::optional_string(int column) const {
  if (is_null(column)) return std::nullopt;
  return string(column);
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

void Statement::bind_one(int position, std::nullptr_t) { check(sqlite3_bind_null(statement_, position)); }
void Statement::bind_one(int position, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, position, value));
}
void Statement::bind_one(int position, double value) {
  check(sqlite3_bind_double(statement_, position, value));
}
void Statement::bind_one(int position, std::string_view value) {
  check(sqlite3_bind_text64(statement_, position, value.data() == nullptr ? "" : value.data(), value.size(),
                            SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Database::Database(std::filesystem::path file) : file_(std::move(file)) {}
Database::~Database() { statements_.clear(); }

Error Database::fault(int result, const std::string& doing) const {
  const std::string reason = describe(handle_.get(), result);
  if (means_damaged(result)) {
    return {result, "the database file " + file_.string() + " is damaged (" + reason +
                        "). It was left as it is. Put a backup in its place, or try `sqlite3 " +
                        file_.string() + " .recover` into a new file, and start again."};
  }
  return {result, "cannot " + doing + " " + file_.string() + ": " + reason};
}

Database Database::open(const std::filesystem::path& file) {
  configure_once();
  Database database(file);
  const mode_t previous = umask(077);
  sqlite3* handle = nullptr;
  const int opened = sqlite3_open_v2(
      file.c_str(), &handle,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  database.handle_.reset(handle);
  umask(previous);
  if (opened != SQLITE_OK) throw database.fault(opened, "open");
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  database.defend_schema(true);

  // The first statement that reads the file tells a damaged one.
  for (const char* pragma : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON",
                             "PRAGMA temp_store=MEMORY", "PRAGMA cache_size=-4000"}) {
    const int result = sqlite3_exec(handle, pragma, nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) throw database.fault(result, "open");
  }
  return database;
}

Database Database::open_read_only(const std::filesystem::path& file) {
  configure_once();
  Database database(file);
  sqlite3* handle = nullptr;
  const int opened = sqlite3_open_v2(
      read_only_address(file).c_str(), &handle,
      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  database.handle_.reset(handle);
  if (opened != SQLITE_OK) throw database.fault(opened, "open");
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  return database;
}

Database Database::open_known(const std::filesystem::path& file, int access) {
  configure_once();
  Database database(file);
  sqlite3* handle = nullptr;
  const int opened =
      sqlite3_open_v2(file.c_str(), &handle, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  database.handle_.reset(handle);
  if (opened != SQLITE_OK) throw database.fault(opened, "open");
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  // What it has read is forgotten at each commit of the other connection: more would be kept for nothing.
  database.execute("PRAGMA temp_store=MEMORY; PRAGMA cache_size=-500");
  return database;
}

Database Database::open_reader(const std::filesystem::path& file) {
  return open_known(file, SQLITE_OPEN_READONLY);
}

Database Database::open_beside(const std::filesystem::path& file) {
  auto database = open_known(file, SQLITE_OPEN_READWRITE);
  // While it waits for somebody who reads for long (an export), it holds up everybody who writes.
  sqlite3_busy_timeout(database.handle_.get(), checkpoint_timeout_ms);
  return database;
}

void Database::defend_schema(bool on) {
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DEFENSIVE, on ? 1 : 0, nullptr);
}

Statement& Database::prepared(std::string_view sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return *found->second;
  auto statement = std::make_unique<Statement>(handle_.get(), sql);
  return *statements_.emplace(std::string{sql}, std::move(statement)).first->second;
}

void Database::execute(const std::string& sql) {
  const int result = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) throw fault(result, "write");
}

void Database::on_commit(std::function<void(int)> call) {
  if (!call) {
    sqlite3_wal_autocheckpoint(handle_.get(), default_checkpoint_pages);
    on_commit_.reset();
    return;
  }
  on_commit_ = std::make_unique<std::function<void(int)>>(std::move(call));
  sqlite3_wal_hook(
      handle_.get(),
      [](void* called, sqlite3* /*handle*/, const char* /*name*/, int pages) {
        (*static_cast<std::function<void(int)>*>(called))(pages);
        return SQLITE_OK;
      },
      on_commit_.get());
}

void Database::end_statements() {
  sqlite3_stmt* statement = nullptr;
  while ((statement = sqlite3_next_stmt(handle_.get(), statement)) != nullptr) {
    if (sqlite3_stmt_busy(statement) != 0) sqlite3_reset(statement);
  }
}

void Database::checkpoint(bool begin_again) {
  const int how = begin_again ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
  const int result = sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, how, nullptr, nullptr);
  // Somebody else does it, or somebody reads what would go: the next one finds the rest.
  if (result != SQLITE_OK && (result & 0xFF) != SQLITE_BUSY) throw fault(result, "write");
}

std::int64_t Database::changed_rows() const { return sqlite3_total_changes64(handle_.get()); }
std::int64_t Database::last_insert_row() const { return sqlite3_last_insert_rowid(handle_.get()); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

SchemaIsOpen::SchemaIsOpen(Database& database) : database_(database) { database_.defend_schema(false); }
SchemaIsOpen::~SchemaIsOpen() { database_.defend_schema(true); }

Transaction::Transaction(Database& database) : database_(&database) {
  database_->prepared("BEGIN IMMEDIATE").run();
}

Transaction::~Transaction() {
  if (database_ == nullptr || !database_->in_transaction()) return;
  try {
    database_->prepared("ROLLBACK").run();
  } catch (const std::exception& error) {
    log::error("sqlite.rollback_failed", {{"error", error.what()}});
  }
}

void Transaction::commit() {
  try {
    database_->prepared("COMMIT").run();
  } catch (const Error& error) {
    throw CommitFailed("commit to " + database_->file().string() + " failed: " + error.what());
  }
  database_ = nullptr;
}

Snapshot::Snapshot(Database& reader) : reader_(reader) { reader_.prepared("BEGIN").run(); }

Snapshot::~Snapshot() {
  reader_.end_statements();
  try {
    reader_.prepared("COMMIT").run();
  } catch (const std::exception& error) {
    log::error("sqlite.rollback_failed", {{"error", error.what()}});
  }
}

Savepoint::Savepoint(Database& database) : database_(&database) {
  database_->prepared("SAVEPOINT one_request").run();
}

Savepoint::~Savepoint() {
  if (database_ == nullptr) return;
  try {
    database_->prepared("ROLLBACK TO one_request").run();
    database_->prepared("RELEASE one_request").run();
  } catch (const std::exception& error) {
    log::error("sqlite.rollback_failed", {{"error", error.what()}});
  }
}

void Savepoint::release() {
  database_->prepared("RELEASE one_request").run();
  database_ = nullptr;
}

}  // namespace butler::sqlite
