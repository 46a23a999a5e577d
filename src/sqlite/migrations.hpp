#pragma once

#include <span>

#include "domain/embedded_file.hpp"
#include "domain/timestamp.hpp"
#include "sqlite/database.hpp"

namespace butler::sqlite {

/// Brings the schema up to the newest of `files` ("0001_jobs.sql", "0002_….sql", in order): forward only, one
/// transaction each, noted with name, SHA-256 and time in the table `migrations`. Before an existing database
/// is changed, a copy is written beside it as `<file>.before-<version>`.
///
/// Throws std::runtime_error when the database is newer than this program, or an applied file was changed
/// since.
void migrate(Database& database, std::span<const domain::EmbeddedFile> files, domain::Timestamp now);

}  // namespace butler::sqlite
