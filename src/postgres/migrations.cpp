#include "postgres/migrations.hpp"

#include <stdexcept>
#include <string>

#include "digest/sha256.hpp"
#include "domain/migration_version.hpp"
#include "log/log.hpp"

namespace butler::postgres {

namespace {

/// One number for all that migrate, out of the way of the locks of stores.
constexpr std::int64_t migration_lock = 0x6275746C'6572'0001;

std::int64_t applied_version(Connection& connection) {
  connection.query(
      "CREATE TABLE IF NOT EXISTS migrations (version bigint PRIMARY KEY, name text NOT NULL, "
      "sha256 text NOT NULL, applied_at bigint NOT NULL)");
  return connection.query("SELECT coalesce(max(version), 0) FROM migrations")[0].integer(0);
}

void check_unchanged(Connection& connection, std::int64_t version, const domain::EmbeddedFile& file) {
  const auto found = connection.query("SELECT sha256 FROM migrations WHERE version = $1", version);
  if (found.empty() || found[0].text(0) != digest::sha256_hex(file.content)) {
    throw std::runtime_error("the migration " + std::string{file.name} + " was applied to " +
                             connection.name() +
                             " in another form: this program and the database do not fit");
  }
}

void apply(Connection& connection, std::int64_t version, const domain::EmbeddedFile& file,
           domain::Timestamp now) {
  Transaction transaction(connection);
  connection.execute(std::string{file.content});
  connection.query("INSERT INTO migrations (version, name, sha256, applied_at) VALUES ($1, $2, $3, $4)",
                   version, file.name, digest::sha256_hex(file.content), domain::to_milliseconds(now));
  transaction.commit();
  log::info("migration.applied", {{"file", connection.name()}, {"name", file.name}});
}

void migrate_alone(Connection& connection, std::span<const domain::EmbeddedFile> files,
                   domain::Timestamp now) {
  const std::int64_t current = applied_version(connection);
  const std::int64_t newest = files.empty() ? 0 : domain::migration_version(files.back().name);
  if (current > newest) {
    throw std::runtime_error(connection.name() + " was written by a newer version of Butler (schema " +
                             std::to_string(current) + ", this one knows " + std::to_string(newest) +
                             "). Use that version, or restore a backup made before.");
  }
  for (const auto& file : files) {
    const std::int64_t version = domain::migration_version(file.name);
    if (version <= current) {
      check_unchanged(connection, version, file);
    } else {
      apply(connection, version, file, now);
    }
  }
}

/// Held while it lives. A connection that is lost has let it go.
class MigrationLock {
 public:
  explicit MigrationLock(Connection& connection) : connection_(connection) {
    connection.query("SELECT pg_advisory_lock($1)", migration_lock);
  }
  MigrationLock(const MigrationLock&) = delete;
  MigrationLock& operator=(const MigrationLock&) = delete;
  ~MigrationLock() {
    try {
      connection_.query("SELECT pg_advisory_unlock($1)", migration_lock);
    } catch (const Error& error) {
      log::warn("postgres.unlock_failed", {{"error", error.what()}});
    }
  }

 private:
  Connection& connection_;
};

}  // namespace

void migrate(Connection& connection, std::span<const domain::EmbeddedFile> files, domain::Timestamp now) {
  const MigrationLock lock(connection);
  migrate_alone(connection, files, now);
}

}  // namespace butler::postgres
