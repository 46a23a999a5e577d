#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>

#include "api/artifact.hpp"
#include "orchestrator/artifact_files.hpp"
#include "orchestrator/artifact_upload.hpp"
#include "orchestrator/commit_queue.hpp"
#include "orchestrator/lease_service.hpp"

namespace butler::orchestrator {

/// Files of jobs: what the gateway brings (attachments) and what a worker makes. Methods run inside a unit of
/// the store, except begin().
class ArtifactService {
 public:
  /// @param quota  bytes that the artifacts of all jobs may have together
  ArtifactService(store::JobStore& store, Touched& touched, LeaseService& leases, const ArtifactFiles& files,
                  std::uint64_t quota)
      : store_(store), touched_(touched), leases_(leases), files_(files), quota_(quota) {}

  /// Who calls: the gateway, or the worker that holds the lease of the job.
  struct Caller {
    api::ArtifactSource source = api::ArtifactSource::gateway;
    LeaseService::Token lease_token = {};
  };

  /// Decides on the head of an upload, so that nothing is received in vain. Only a look at the store, outside
  /// of a unit; finish() decides again.
  Outcome<std::shared_ptr<ArtifactUpload>> begin(const Caller& caller, std::string_view job_id,
                                                 api::NewArtifact artifact,
                                                 const std::optional<std::uint64_t>& length);

  struct Put {
    api::Artifact artifact;
    bool is_new = true;  ///< false: the job had it already
  };
  /// Gives the file its place and writes its row; with a worker's, the event `artifact_added`. The last
  /// attachment makes its job claimable.
  Outcome<Put> finish(const Caller& caller, std::string_view job_id, ArtifactUpload& upload,
                      LeaseService::Now now);

  /// Gives a new job the attachments that it names, from the job that has them. In the unit that creates it:
  /// throws StoreFault when that cannot be.
  void inherit(std::string_view from_job_id, std::string_view job_id, domain::Timestamp now);

  Outcome<api::ArtifactList> list(const Caller& caller, std::string_view job_id, LeaseService::Now now);

  struct Found {
    api::Artifact artifact;
    std::shared_ptr<http::BodySource> bytes;
  };
  Outcome<Found> open(const Caller& caller, std::string_view job_id, std::string_view name,
                      LeaseService::Now now);

 private:
  Outcome<std::shared_ptr<ArtifactUpload>> promise(const Caller& caller, std::string_view job_id,
                                                   api::NewArtifact artifact,
                                                   const std::optional<std::uint64_t>& length);
  Outcome<store::JobRecord> job_of(const Caller& caller, std::string_view job_id, LeaseService::Now now);
  std::optional<Refusal> check_quota(const store::JobRecord& job, std::uint64_t bytes);
  Outcome<Put> keep(const Caller& caller, store::JobRecord& job, ArtifactUpload& upload,
                    LeaseService::Now now);
  void arrived(const store::JobRecord& job);

  store::JobStore& store_;
  Touched& touched_;
  LeaseService& leases_;
  const ArtifactFiles& files_;
  std::uint64_t quota_;
  BytesOnTheWay on_the_way_ = std::make_shared<std::uint64_t>(0);
};

/// What the fields of an upload's head say of the artifact; a 400 that names the field.
Outcome<api::NewArtifact> new_artifact(std::string name, const http::RequestHead& head);

/// Removes, job by job and with room for others in between, files that have no row: what a stop between the
/// file and its row has left.
boost::asio::awaitable<void> remove_orphans(CommitQueue& commits, const ArtifactFiles& files,
                                            store::ArtifactStore& artifacts);

}  // namespace butler::orchestrator
