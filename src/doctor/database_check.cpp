#include "doctor/database_check.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <span>

#include "digest/sha256.hpp"
#include "doctor/checks.hpp"
#include "domain/embedded_file.hpp"
#include "files/folder.hpp"
#include "migration/schema.hpp"
#include "process/installation.hpp"
#include "sqlite/read_only.hpp"
#include "store/migrations.hpp"

namespace butler::doctor {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds longest_quick_check{40};
constexpr int most_damages = 3;

std::int64_t version_in_name(std::string_view name) {
  std::int64_t version = 0;
  std::from_chars(name.data(), name.data() + name.size(), version);
  return version;
}

/// The whole of it goes aside (its log holds what it does not), and a copy or what can be read takes its
/// place.
Finding damaged(const DatabaseFacts& facts, const std::string& why) {
  const fs::path path = facts.path;
  const std::string name = path.filename().string();
  // A folder that mktemp makes is closed to others, and never that of an earlier rescue.
  const std::string aside = "cd " + shell_word(path.parent_path().string()) +
                            " && aside=$(mktemp -d damaged-XXXXXX) && for f in " + name + " " + name +
                            "-wal " + name + "-shm; do [ ! -e $f ] || mv $f $aside/; done && ";
  const std::string recover = "sqlite3 $aside/" + name + " .recover | sqlite3 " + name;
  const bool copied = !facts.backup.empty();
  return wrong(facts.path + " is damaged: " + why + ".", "PRAGMA quick_check says ok.",
               aside + (copied ? "cp -p " + shell_word(facts.backup) + " " + name : recover),
               "Stop Butler first. " +
                   (copied ? "What may be newer, but perhaps not whole, in the place of that copy: " + recover
                           : std::string{"Or put your own backup in its place"}) +
                   ". Then: butler doctor --only permissions");
}

void read_migrations(sqlite::ReadOnlyDatabase& database, std::span<const domain::EmbeddedFile> files,
                     DatabaseFacts& facts) {
  if (database.query("SELECT name FROM sqlite_schema WHERE name = 'migrations'").empty()) return;
  for (const auto& row : database.query("SELECT version, sha256 FROM migrations ORDER BY version")) {
    const auto version = version_in_name(row.at(0));
    facts.version = std::max(facts.version, version);
    for (const auto& file : files) {
      if (version_in_name(file.name) == version && digest::sha256_hex(file.content) != row.at(1))
        facts.changed.emplace_back(file.name);
    }
  }
}

/// "state.db.before-4" with the highest number.
std::string newest_backup(const fs::path& database) {
  const std::string prefix = database.filename().string() + ".before-";
  std::string newest;
  std::int64_t highest = -1;
  for (const auto& name : files::names_in(database.parent_path())) {
    if (!name.starts_with(prefix)) continue;
    const auto version = version_in_name(std::string_view{name}.substr(prefix.size()));
    if (version > highest) newest = (database.parent_path() / name).string();
    highest = std::max(highest, version);
  }
  return newest;
}

DatabaseFacts look_at_database(const fs::path& path, std::span<const domain::EmbeddedFile> files) {
  DatabaseFacts facts{.path = path.string(), .start = process::start_command()};
  facts.newest = files.empty() ? 0 : version_in_name(files.back().name);
  std::error_code missing;
  facts.exists = fs::exists(fs::symlink_status(path, missing));
  if (!facts.exists) return facts;
  facts.backup = newest_backup(path);
  try {
    sqlite::ReadOnlyDatabase database(path, longest_quick_check);
    for (const auto& row : database.query("PRAGMA quick_check(" + std::to_string(most_damages) + ")")) {
      if (row.at(0) != "ok") facts.damages.push_back(row.at(0));
    }
    read_migrations(database, files, facts);
  } catch (const sqlite::Interrupted&) {
    facts.checked = false;
  } catch (const sqlite::Damaged& fault) {
    facts.damages.emplace_back(fault.what());
  } catch (const std::exception& fault) {
    facts.fault = fault.what();
  }
  return facts;
}

}  // namespace

Finding judge_database(const DatabaseFacts& facts) {
  if (!facts.exists) return all_well(facts.path + " is not there yet: the first start makes it.");
  if (!facts.damages.empty()) return damaged(facts, facts.damages.front());
  if (!facts.fault.empty()) {
    return wrong(facts.path + " cannot be read: " + facts.fault + ".", "Its owner can read it.",
                 "ls -l " + shell_word(facts.path) + "*");
  }
  if (!facts.checked) {
    return doubtful(facts.path + " is too large to be checked within 40 s.", "PRAGMA quick_check says ok.",
                    "sqlite3 -readonly " + shell_word(facts.path) + " 'PRAGMA quick_check'");
  }
  const std::string schema =
      "schema " + std::to_string(facts.version) + ", this program knows " + std::to_string(facts.newest);
  if (facts.version > facts.newest) {
    return wrong(facts.path + " was written by a newer Butler (" + schema + ").",
                 "The program is at least as new as its database.", "butler version",
                 "Install the newer version of Butler again" +
                     (facts.backup.empty() ? "." : "; the copy from before it is " + facts.backup + "."));
  }
  if (!facts.changed.empty()) {
    return wrong(facts.path + " had the migration " + facts.changed.front() + " in another form.",
                 "Each migration is the one that was released.", "butler version",
                 "Install the version of Butler that wrote it.");
  }
  if (facts.version < facts.newest) {
    return doubtful(facts.path + " is of an older version (" + schema + ").",
                    "The next start brings it up to date, and keeps a copy of what was there before.",
                    facts.start);
  }
  return all_well(facts.path + " is undamaged, of schema " + std::to_string(facts.version) + ".");
}

boost::asio::awaitable<Findings> check_databases(const Context& context) {
  // As their owner: what SQLite has to make beside them is theirs, too.
  const AsUser owner(context.control);
  Findings findings;
  const auto elsewhere = [&](config::Role role) {
    const bool found = config::has_state_in_postgres(context.loaded.environment, role);
    if (found) {
      findings.push_back(all_well("The " + std::string{config::role_name(role)} +
                                  "'s state is in PostgreSQL; it checks that database when it starts."));
    }
    return found;
  };
  if (!elsewhere(config::Role::orchestrator)) {
    findings.push_back(
        judge_database(look_at_database(context.home() / "state.db", store::orchestrator_migrations())));
  }
  if (!elsewhere(config::Role::gateway)) {
    findings.push_back(
        judge_database(look_at_database(context.home() / "gateway.db", migration::gateway_migrations())));
  }
  co_return findings;
}

}  // namespace butler::doctor
