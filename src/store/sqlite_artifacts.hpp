#pragma once

#include "store/artifact_store.hpp"
#include "store/sqlite_link.hpp"

namespace butler::store {

/// What is known of artifacts, in the orchestrator's SQLite file.
class SqliteArtifacts final : public ArtifactStore {
 public:
  explicit SqliteArtifacts(SqliteLink& database) : database_(database) {}

  void insert(std::int64_t job_row, const api::Artifact& artifact) override;
  std::optional<api::Artifact> find(std::int64_t job_row, std::string_view name) override;
  std::vector<api::Artifact> of_job(std::int64_t job_row) override;
  ArtifactUse used_by(std::int64_t job_row) override;
  std::int64_t bytes() override;
  std::vector<std::string> names(std::string_view job_id) override;

  void await_attachments(std::int64_t job_row, domain::Timestamp due) override;
  std::vector<std::string> missing_attachments(std::int64_t job_row) override;
  bool end_wait_if_complete(std::int64_t job_row) override;
  std::optional<domain::Timestamp> next_due() override;
  std::vector<std::string> overdue(domain::Timestamp now) override;

 private:
  SqliteLink& database_;
};

}  // namespace butler::store
