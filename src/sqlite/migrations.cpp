#include "sqlite/migrations.hpp"

#include <filesystem>
#include <stdexcept>
#include <string>

#include "digest/sha256.hpp"
#include "domain/migration_version.hpp"
#include "log/log.hpp"

namespace butler::sqlite {

namespace {

std::int64_t applied_version(Database& database) {
  auto& statement = database.prepared("SELECT coalesce(max(version), 0) FROM migrations").bind();
  statement.step();
  const std::int64_t version = statement.integer(0);
  statement.reset();
  return version;
}

void check_unchanged(Database& database, std::int64_t version, const domain::EmbeddedFile& file) {
  auto& statement = database.prepared("SELECT sha256 FROM migrations WHERE version = ?").bind(version);
  const bool found = statement.step();
  const std::string hash = found ? statement.string(0) : std::string{};
  statement.reset();
  if (hash != digest::sha256_hex(file.content)) {
    throw std::runtime_error("the migration " + std::string{file.name} + " was applied to " +
                             database.file().string() +
                             " in another form: this program and the database do not fit");
  }
}

void copy_before(Database& database, std::int64_t version) {
  const std::string copy = database.file().string() + ".before-" + std::to_string(version);
  std::filesystem::remove(copy);
  database.prepared("VACUUM INTO ?").bind(copy).run();
  std::filesystem::permissions(copy,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace

void migrate(Database& database, std::span<const domain::EmbeddedFile> files, domain::Timestamp now) {
  database.execute(
      "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, "
      "sha256 TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT");
  const std::int64_t current = applied_version(database);
  const std::int64_t newest = files.empty() ? 0 : domain::migration_version(files.back().name);
  if (current > newest) {
    throw std::runtime_error(database.file().string() + " was written by a newer version of Butler (schema " +
                             std::to_string(current) + ", this one knows " + std::to_string(newest) +
                             "). Use that version, or restore the copy it made before.");
  }
  bool copied = current == 0;  // nothing to keep in a new database
  for (const auto& file : files) {
    const std::int64_t version = domain::migration_version(file.name);
    if (version <= current) {
      check_unchanged(database, version, file);
      continue;
    }
    if (!copied) copy_before(database, version);
    copied = true;
    const SchemaIsOpen open(database);
    Transaction transaction(database);
    database.execute(std::string{file.content});
    database.prepared("INSERT INTO migrations (version, name, sha256, applied_at) VALUES (?, ?, ?, ?)")
        .bind(version, file.name, digest::sha256_hex(file.content), now.time_since_epoch().count())
        .run();
    transaction.commit();
    log::info("migration.applied", {{"file", database.file().string()}, {"name", file.name}});
  }
}

}  // namespace butler::sqlite
