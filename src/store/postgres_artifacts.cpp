#include "store/postgres_artifacts.hpp"

#include "api/describe.hpp"
#include "store/rows.hpp"

namespace butler::store {

using domain::enum_name;

namespace {

/// Attachments of a job ($1) that the gateway has not put, in their order.
constexpr std::string_view missing_attachments_of =
    "SELECT wanted.name FROM jsonb_array_elements_text((SELECT attachments FROM jobs WHERE row = $1)::jsonb) "
    "WITH ORDINALITY AS wanted (name, place) WHERE wanted.name NOT IN "
    "(SELECT name FROM artifacts WHERE job_row = $1 AND source = 'gateway')";

std::vector<std::string> first_texts(const postgres::Result& result) {
  std::vector<std::string> texts;
  for (const auto row : result) texts.push_back(row.string(0));
  return texts;
}

}  // namespace

void PostgresArtifacts::insert(std::int64_t job_row, const api::Artifact& artifact) {
  link_.later(
      "INSERT INTO artifacts (job_row, name, size, sha256, content_type, kind, caption, source, created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      job_row, artifact.name, artifact.size, artifact.sha256, artifact.content_type,
      optional_name(artifact.kind), artifact.caption, enum_name(artifact.source),
      to_milliseconds(artifact.created_at));
}

std::optional<api::Artifact> PostgresArtifacts::find(std::int64_t job_row, std::string_view name) {
  static const std::string sql = select_artifacts("WHERE job_row = $1 AND name = $2");
  const auto found = link_.query(sql, job_row, name);
  return found.empty() ? std::nullopt : std::optional{read_artifact(found[0])};
}

std::vector<api::Artifact> PostgresArtifacts::of_job(std::int64_t job_row) {
  static const std::string sql = select_artifacts("WHERE job_row = $1 ORDER BY row");
  std::vector<api::Artifact> artifacts;
  for (const auto row : link_.query(sql, job_row)) artifacts.push_back(read_artifact(row));
  return artifacts;
}

ArtifactUse PostgresArtifacts::used_by(std::int64_t job_row) {
  const auto found =
      link_.query("SELECT count(*), coalesce(sum(size), 0) FROM artifacts WHERE job_row = $1", job_row);
  return {.count = found[0].integer(0), .bytes = found[0].integer(1)};
}

std::int64_t PostgresArtifacts::bytes() {
  return link_.query("SELECT bytes FROM artifact_bytes WHERE one = 1")[0].integer(0);
}

std::vector<std::string> PostgresArtifacts::names(std::string_view job_id) {
  return first_texts(link_.query(
      "SELECT name FROM artifacts WHERE job_row = (SELECT row FROM jobs WHERE id = $1) ORDER BY name",
      job_id));
}

void PostgresArtifacts::await_attachments(std::int64_t job_row, domain::Timestamp due) {
  if (auto* const memory = link_.memory(); memory != nullptr) memory->fresh.reset();  // it is no head yet
  link_.later("UPDATE jobs SET attachments_due = $1 WHERE row = $2", to_milliseconds(due), job_row);
}

std::vector<std::string> PostgresArtifacts::missing_attachments(std::int64_t job_row) {
  static const std::string sql = std::string{missing_attachments_of} + " ORDER BY wanted.place";
  return first_texts(link_.query(sql, job_row));
}

bool PostgresArtifacts::end_wait_if_complete(std::int64_t job_row) {
  static const std::string sql =
      "UPDATE jobs SET attachments_due = NULL WHERE row = $1 AND attachments_due IS NOT NULL AND NOT EXISTS "
      "(" +
      std::string{missing_attachments_of} + ")";
  if (auto* const memory = link_.memory(); memory != nullptr) memory->fresh.reset();
  return link_.query(sql, job_row).changed() == 1;
}

std::optional<domain::Timestamp> PostgresArtifacts::next_due() {
  const auto due = link_.query("SELECT min(attachments_due) FROM jobs WHERE attachments_due IS NOT NULL")[0]
                       .optional_integer(0);
  return due ? std::optional{to_timestamp(*due)} : std::nullopt;
}

std::vector<std::string> PostgresArtifacts::overdue(domain::Timestamp now) {
  return first_texts(link_.query(
      "SELECT id FROM jobs WHERE attachments_due IS NOT NULL AND attachments_due <= $1 ORDER BY id",
      to_milliseconds(now)));
}

}  // namespace butler::store
