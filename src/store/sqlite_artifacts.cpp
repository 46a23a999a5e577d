#include "store/sqlite_artifacts.hpp"

#include "api/describe.hpp"
#include "store/rows.hpp"

namespace butler::store {

using domain::enum_name;

namespace {

/// Attachments of a job (?1) that the gateway has not put, as a subquery gives them.
constexpr std::string_view missing_names =
    "SELECT value FROM json_each((SELECT attachments FROM jobs WHERE row = ?1)) WHERE value NOT IN "
    "(SELECT name FROM artifacts WHERE job_row = ?1 AND source = 'gateway')";

std::vector<std::string> first_column(sqlite::Statement& statement) {
  std::vector<std::string> texts;
  while (statement.step()) texts.push_back(statement.string(0));
  return texts;
}

}  // namespace

void SqliteArtifacts::insert(std::int64_t job_row, const api::Artifact& artifact) {
  database_
      .prepared(
          "INSERT INTO artifacts (job_row, name, size, sha256, content_type, kind, caption, source, "
          "created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(job_row, artifact.name, artifact.size, artifact.sha256, artifact.content_type,
            optional_name(artifact.kind), artifact.caption, enum_name(artifact.source),
            to_milliseconds(artifact.created_at))
      .run();
}

std::optional<api::Artifact> SqliteArtifacts::find(std::int64_t job_row, std::string_view name) {
  static const std::string sql = select_artifacts("WHERE job_row = ? AND name = ?");
  auto& statement = database_.prepared(sql).bind(job_row, name);
  if (!statement.step()) return std::nullopt;
  auto artifact = read_artifact(statement);
  statement.reset();
  return artifact;
}

std::vector<api::Artifact> SqliteArtifacts::of_job(std::int64_t job_row) {
  static const std::string sql = select_artifacts("WHERE job_row = ? ORDER BY row");
  auto& statement = database_.prepared(sql).bind(job_row);
  std::vector<api::Artifact> artifacts;
  while (statement.step()) artifacts.push_back(read_artifact(statement));
  return artifacts;
}

ArtifactUse SqliteArtifacts::used_by(std::int64_t job_row) {
  auto& statement =
      database_.prepared("SELECT count(*), coalesce(sum(size), 0) FROM artifacts WHERE job_row = ?")
          .bind(job_row);
  statement.step();
  const ArtifactUse use{.count = statement.integer(0), .bytes = statement.integer(1)};
  statement.reset();
  return use;
}

std::int64_t SqliteArtifacts::bytes() {
  auto& statement = database_.prepared("SELECT bytes FROM artifact_bytes WHERE one = 1").bind();
  statement.step();
  const auto bytes = statement.integer(0);
  statement.reset();
  return bytes;
}

std::vector<std::string> SqliteArtifacts::names(std::string_view job_id) {
  return first_column(
      database_
          .prepared(
              "SELECT name FROM artifacts WHERE job_row = (SELECT row FROM jobs WHERE id = ?) ORDER BY name")
          .bind(job_id));
}

void SqliteArtifacts::await_attachments(std::int64_t job_row, domain::Timestamp due) {
  database_.prepared("UPDATE jobs SET attachments_due = ? WHERE row = ?")
      .bind(to_milliseconds(due), job_row)
      .run();
}

std::vector<std::string> SqliteArtifacts::missing_attachments(std::int64_t job_row) {
  return first_column(database_.prepared(missing_names).bind(job_row));
}

bool SqliteArtifacts::end_wait_if_complete(std::int64_t job_row) {
  static const std::string sql =
      "UPDATE jobs SET attachments_due = NULL WHERE row = ?1 AND attachments_due IS NOT NULL AND NOT EXISTS "
      "(" +
      std::string{missing_names} + ")";
  return database_.prepared(sql).bind(job_row).run() == 1;
}

std::optional<domain::Timestamp> SqliteArtifacts::next_due() {
  auto& statement = database_
                        .prepared(
                            "SELECT min(attachments_due) FROM jobs INDEXED BY jobs_awaiting_attachments "
                            "WHERE attachments_due IS NOT NULL")
                        .bind();
  statement.step();
  const auto due = statement.optional_integer(0);
  statement.reset();
  return due ? std::optional{to_timestamp(*due)} : std::nullopt;
}

std::vector<std::string> SqliteArtifacts::overdue(domain::Timestamp now) {
  return first_column(database_
                          .prepared("SELECT id FROM jobs INDEXED BY jobs_awaiting_attachments "
                                    "WHERE attachments_due IS NOT NULL AND attachments_due <= ? ORDER BY id")
                          .bind(to_milliseconds(now)));
}

}  // namespace butler::store
