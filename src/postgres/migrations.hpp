#pragma once

#include <span>

#include "domain/embedded_file.hpp"
#include "domain/timestamp.hpp"
#include "postgres/connection.hpp"

namespace butler::postgres {

/// Brings the schema up to the newest of `files` ("0001_jobs.sql", "0002_….sql", in order): forward only, one
/// transaction each, noted with name, SHA-256 and time in the table `migrations`. One process at a time does
/// it, under a lock of the database. No copy is made before: a server has backups of its own.
///
/// Throws std::runtime_error when the database is newer than this program, or an applied file was changed
/// since.
void migrate(Connection& connection, std::span<const domain::EmbeddedFile> files, domain::Timestamp now);

}  // namespace butler::postgres
