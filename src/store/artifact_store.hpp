#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/artifact.hpp"

namespace butler::store {

/// Artifacts of a job, counted.
struct ArtifactUse {
  std::int64_t count = 0;
  std::int64_t bytes = 0;
};

/// What is known of the jobs' files; their bytes are elsewhere. A part of the JobStore and of its
/// transactions. Artifacts go with their job.
class ArtifactStore {
 public:
  virtual ~ArtifactStore() = default;

  /// The job must have none of that name.
  virtual void insert(std::int64_t job_row, const api::Artifact& artifact) = 0;
  virtual std::optional<api::Artifact> find(std::int64_t job_row, std::string_view name) = 0;
  /// In the order in which they came.
  virtual std::vector<api::Artifact> of_job(std::int64_t job_row) = 0;
  virtual ArtifactUse used_by(std::int64_t job_row) = 0;
  /// Of all jobs.
  virtual std::int64_t bytes() = 0;
  /// The names of the artifacts of the job with that id; none when there is no such job.
  virtual std::vector<std::string> names(std::string_view job_id) = 0;

  /// The job waits for its attachments until `due`; it is not claimable while it waits.
  virtual void await_attachments(std::int64_t job_row, domain::Timestamp due) = 0;
  /// The attachments of the job that the gateway has not put yet.
  virtual std::vector<std::string> missing_attachments(std::int64_t job_row) = 0;
  /// Ends the wait when none is missing any more; false when there is no wait, or it goes on.
  virtual bool end_wait_if_complete(std::int64_t job_row) = 0;
  /// When the first of the waits is over.
  virtual std::optional<domain::Timestamp> next_due() = 0;
  /// Ids of the jobs whose wait was over at that time.
  virtual std::vector<std::string> overdue(domain::Timestamp now) = 0;
};

}  // namespace butler::store
