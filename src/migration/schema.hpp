#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "domain/embedded_file.hpp"

/// What schema a database has, and what this program would make of it.
namespace butler::migration {

enum class State : std::uint8_t {
  absent,      ///< not there yet: the first start makes it
  current,     ///< as this program has it
  waiting,     ///< older: migrations wait
  newer,       ///< written by a newer Butler
  changed,     ///< a migration was applied in another form
  unreadable,  ///< it cannot be looked at
};

/// "absent", "current"…
std::string state_name(State state);

/// A migration as a database has noted it.
struct Applied {
  std::int64_t version = 0;
  std::string sha256 = {};
};

struct Schema {
  State state = State::absent;
  std::int64_t version = 0;               ///< of the database; 0 for none
  std::int64_t newest = 0;                ///< that this program knows
  std::vector<std::string> waiting = {};  ///< names of the migrations that are not applied, in order
  std::string fault = {};  ///< with `changed` the migration's name, with `unreadable` a sentence
};

/// Compares what was applied with the files of this program, in order. Pure.
Schema judge(const std::vector<Applied>& applied, std::span<const domain::EmbeddedFile> files);

/// Looks at a SQLite file, of which nothing is changed. Never throws for what is wrong with it.
Schema look_at_file(const std::filesystem::path& file, std::span<const domain::EmbeddedFile> files);

/// Looks at a PostgreSQL database, in a session that cannot write. As above.
Schema look_at_server(const std::string& url, std::span<const domain::EmbeddedFile> files);

/// Brings a file up to date, as the roles do at their start; gives the copy that was made before, "" when
/// there was nothing to keep. Nobody else has it open. Throws std::runtime_error.
std::filesystem::path bring_up_file(const std::filesystem::path& file,
                                    std::span<const domain::EmbeddedFile> files);

/// Throws std::runtime_error when one of Butler's roles is connected to a server's database.
void require_quiet_server(const std::string& url);

/// Brings a server's database up to date, as the roles do at their start; no copy is made. Throws
/// std::runtime_error, also when one of Butler's roles is connected to it.
void bring_up_server(const std::string& url, std::span<const domain::EmbeddedFile> files);

/// schema/gateway/*.sql, in order.
std::span<const domain::EmbeddedFile> gateway_migrations();

/// schema/gateway/postgres/*.sql, in order.
std::span<const domain::EmbeddedFile> gateway_postgres_migrations();

}  // namespace butler::migration
