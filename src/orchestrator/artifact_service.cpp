#include "orchestrator/artifact_service.hpp"

#include <system_error>

#include "api/describe.hpp"
#include "async/event.hpp"
#include "domain/enum_name.hpp"
#include "domain/limits.hpp"
#include "json/value.hpp"
#include "log/log.hpp"
#include "orchestrator/artifact_refusals.hpp"

namespace butler::orchestrator {

namespace limits = domain::limits;
using api::ArtifactSource;

namespace {

api::Artifact stored_artifact(ArtifactUpload& upload, ArtifactSource source, domain::Timestamp now) {
  const auto& about = upload.artifact();
  return {.name = about.name,
          .size = static_cast<std::int64_t>(upload.size()),
          .sha256 = upload.sha256(),
          .content_type = about.content_type,
          .kind = about.kind,
          .caption = about.caption,
          .source = source,
          .created_at = now};
}

store::StoredEvent added_event(const api::Artifact& artifact) {
  store::StoredEvent event;
  event.type = domain::EventType::artifact_added;
  event.ts = artifact.created_at;
  event.data = json::serialize(json::encode(artifact));
  return event;
}

}  // namespace

// ---- who may, and how much

/// Order of checks: 404, the lease.
Outcome<store::JobRecord> ArtifactService::job_of(const Caller& caller, std::string_view job_id,
                                                  LeaseService::Now now) {
  if (caller.source == ArtifactSource::worker) {
    return leases_.strict_holder(job_id, caller.lease_token, now);
  }
  auto record = store_.find(job_id);
  if (!record) return std::unexpected(job_not_found());
  return *std::move(record);
}

std::optional<Refusal> ArtifactService::check_quota(const store::JobRecord& job, std::uint64_t bytes) {
  const auto use = store_.artifacts().used_by(job.row);
  if (use.count >= static_cast<std::int64_t>(limits::artifacts_per_job)) return artifact_quota();
  if (static_cast<std::uint64_t>(use.bytes) + bytes > limits::artifact_bytes_per_job) return artifact_quota();
  if (static_cast<std::uint64_t>(store_.artifacts().bytes()) + bytes > quota_) return storage_full();
  return std::nullopt;
}

// ---- putting

Outcome<std::shared_ptr<ArtifactUpload>> ArtifactService::begin(const Caller& caller, std::string_view job_id,
                                                                api::NewArtifact artifact,
                                                                const std::optional<std::uint64_t>& length) {
  return store_.read([&] { return promise(caller, job_id, std::move(artifact), length); });
}

Outcome<std::shared_ptr<ArtifactUpload>> ArtifactService::promise(
    const Caller& caller, std::string_view job_id, api::NewArtifact artifact,
    const std::optional<std::uint64_t>& length) {
  const auto job = store_.find(job_id);
  if (!job) return std::unexpected(job_not_found());
  if (caller.source == ArtifactSource::worker && !LeaseService::holds(*job, caller.lease_token)) {
    return std::unexpected(lease_lost(job->lease));
  }
  ArtifactUpload::Promise promise{.artifact = std::move(artifact)};
  if (store_.artifacts().find(job->row, promise.artifact.name)) {
    return std::make_shared<ArtifactUpload>(std::move(promise), on_the_way_);
  }
  if (domain::is_terminal(job->job.status)) return std::unexpected(job_ended(job->job.status));
  if (auto refusal = check_quota(*job, length.value_or(0))) return std::unexpected(*std::move(refusal));
  promise.room = quota_ - static_cast<std::uint64_t>(store_.artifacts().bytes());
  if (length && *on_the_way_ + *length > promise.room) return std::unexpected(storage_full());
  try {
    promise.draft.emplace(files_.begin());
  } catch (const std::system_error& fault) {
    log::error("artifact.file_fault", {{"artifact", promise.artifact.name}, {"error", fault.what()}});
    return std::unexpected(refusal_of(fault));
  }
  return std::make_shared<ArtifactUpload>(std::move(promise), on_the_way_);
}

Outcome<ArtifactService::Put> ArtifactService::finish(const Caller& caller, std::string_view job_id,
                                                      ArtifactUpload& upload, LeaseService::Now now) {
  const auto& promised = upload.artifact().sha256;
  if (promised && *promised != upload.sha256()) {
    return std::unexpected(hash_mismatch(*promised, upload.sha256()));
  }
  auto job = job_of(caller, job_id, now);
  if (!job) return std::unexpected(job.error());
  if (auto stored = store_.artifacts().find(job->row, upload.artifact().name)) {
    if (stored->sha256 != upload.sha256()) return std::unexpected(artifact_exists(*stored));
    return Put{.artifact = *std::move(stored), .is_new = false};
  }
  if (domain::is_terminal(job->job.status)) return std::unexpected(job_ended(job->job.status));
  if (auto refusal = check_quota(*job, upload.size())) return std::unexpected(*std::move(refusal));
  return keep(caller, *job, upload, now);
}

Outcome<ArtifactService::Put> ArtifactService::keep(const Caller& caller, store::JobRecord& job,
                                                    ArtifactUpload& upload, LeaseService::Now now) {
  auto artifact = stored_artifact(upload, caller.source, now.wall);
  try {
    // The one of that name has gone since the upload began, and this has only a digest.
    if (upload.draft() == nullptr) return std::unexpected(artifact_not_found());
    files_.publish(*upload.draft(), job.job.id, artifact.name);
  } catch (const std::system_error& fault) {
    log::error("artifact.file_fault", {{"artifact", artifact.name}, {"error", fault.what()}});
    return std::unexpected(refusal_of(fault));
  }
  store_.artifacts().insert(job.row, artifact);
  if (caller.source == ArtifactSource::worker) {
    leases_.append_activity(job, added_event(artifact));
  } else {
    arrived(job);
  }
  log::info("artifact.added", {{"job", job.job.id},
                               {"artifact", artifact.name},
                               {"bytes", artifact.size},
                               {"source", domain::enum_name(artifact.source)}});
  return Put{.artifact = std::move(artifact)};
}

/// The last of its attachments gives a queued job its place at the head of its session.
void ArtifactService::arrived(const store::JobRecord& job) {
  if (!store_.artifacts().end_wait_if_complete(job.row)) return;
  log::info("job.attachments_complete", {{"job", job.job.id}});
  if (job.job.status != domain::JobStatus::queued) return;
  store_.refresh_head_then(job.job.session_key,
                           [&touched = touched_] { touched.touch({Topic::Kind::claim}); });
}

void ArtifactService::inherit(std::string_view from_job_id, std::string_view job_id, domain::Timestamp now) {
  const auto from = store_.find(from_job_id);
  const auto job = store_.find(job_id);
  if (!from || !job || !job->job.attachments) return;
  for (const auto& name : *job->job.attachments) {
    auto artifact = store_.artifacts().find(from->row, name);
    if (!artifact) throw store::StoreFault("an attachment has gone: " + name);
    try {
      files_.link(from->job.id, job->job.id, name);
    } catch (const std::system_error& fault) {
      log::error("artifact.file_fault", {{"artifact", name}, {"error", fault.what()}});
      throw store::StoreFault(fault.what());
    }
    artifact->created_at = now;
    store_.artifacts().insert(job->row, *artifact);
  }
  arrived(*job);
}

// ---- reading

Outcome<api::ArtifactList> ArtifactService::list(const Caller& caller, std::string_view job_id,
                                                 LeaseService::Now now) {
  const auto job = job_of(caller, job_id, now);
  if (!job) return std::unexpected(job.error());
  return api::ArtifactList{.artifacts = store_.artifacts().of_job(job->row)};
}

Outcome<ArtifactService::Found> ArtifactService::open(const Caller& caller, std::string_view job_id,
                                                      std::string_view name, LeaseService::Now now) {
  const auto job = job_of(caller, job_id, now);
  if (!job) return std::unexpected(job.error());
  auto artifact = store_.artifacts().find(job->row, name);
  if (!artifact) return std::unexpected(artifact_not_found());
  try {
    auto bytes = files_.open(job->job.id, artifact->name);
    if (bytes->size() != static_cast<std::uint64_t>(artifact->size)) {
      throw std::system_error(std::make_error_code(std::errc::io_error), "its size has changed");
    }
    return Found{.artifact = *std::move(artifact), .bytes = std::move(bytes)};
  } catch (const std::system_error& fault) {
    log::error("artifact.file_fault", {{"artifact", artifact->name}, {"error", fault.what()}});
    return std::unexpected(refusal_of(fault));
  }
}

boost::asio::awaitable<void> remove_orphans(CommitQueue& commits, const ArtifactFiles& files,
                                            store::ArtifactStore& artifacts) {
  std::size_t removed = 0;
  for (const auto& job_id : files.jobs()) {
    // In a batch: a file whose row is not committed yet has its row there.
    const bool looked = co_await commits.run([&] {
      try {
        removed += files.remove_unknown(job_id, artifacts.names(job_id));
      } catch (const std::system_error& fault) {
        log::error("artifact.file_fault", {{"job", job_id}, {"error", fault.what()}});
      }
    });
    if (!looked) co_return;  // the next start looks again
  }
  if (removed > 0) log::info("artifact.orphans_removed", {{"files", removed}});
}

}  // namespace butler::orchestrator
