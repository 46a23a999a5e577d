#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "api/types.hpp"
#include "domain/job_id.hpp"
#include "orchestrator/lifecycle.hpp"

namespace butler::orchestrator {

/// What the gateway and the command line may do with jobs. Each method runs inside a unit of the store; what
/// is against the contract comes back as a refusal.
class JobService {
 public:
  /// @param attachment_wait  how long a job waits for its attachments before it is aborted
  JobService(store::JobStore& store, Touched& touched, LeaseClock& leases, Measures& measures,
             std::chrono::seconds attachment_wait)
      : store_(store),
        touched_(touched),
        lifecycle_(store, touched, leases, measures),
        attachment_wait_(attachment_wait) {}

  struct Created {
    domain::Job job;
    bool is_new = true;  ///< false: the idempotency key was known, and the first job comes back as it is now
  };
  Outcome<Created> create(const api::CreateJobRequest& request,
                          const std::optional<std::string>& idempotency_key, domain::Timestamp now);

  /// Every job from now on sorts behind those that are there: a session's jobs run in the order of their ids,
  /// also when the clock was set back since.
  void go_on_after_stored() { ids_.go_on_after(store_.newest_job_id()); }

  Outcome<domain::Job> get(std::string_view job_id);
  Outcome<api::JobList> list(const store::JobFilter& filter);
  Outcome<api::EventPage> events(std::string_view job_id, std::int64_t cursor);
  Outcome<domain::Job> approve(std::string_view job_id, const api::ApproveRequest& request,
                               domain::Timestamp now);
  Outcome<domain::Job> abort(std::string_view job_id, const api::AbortRequest& request,
                             domain::Timestamp now);
  /// Refused with 409 not_running unless the job runs.
  Outcome<void> send_message(std::string_view job_id, const api::MessageRequest& request,
                             const std::optional<std::string>& idempotency_key, domain::Timestamp now);

  std::vector<api::Delivery> deliveries(std::string_view deliver_to, std::int64_t after, std::size_t limit);
  Outcome<void> acknowledge_delivery(std::string_view job_id);

  /// When the first job has waited long enough for its attachments.
  std::optional<domain::Timestamp> next_attachment_deadline() {
    return store_.read([this] { return store_.artifacts().next_due(); });
  }
  /// Aborts the jobs whose attachments did not come in time.
  void abort_incomplete(domain::Timestamp now);

  api::AdminState admin_state() { return store_.admin_state(); }
  struct Paused {
    api::AdminState state;
    std::optional<std::int64_t> aborted;  ///< how many running jobs were told to end, when that was asked for
  };
  /// Stops claims, and aborts what runs if asked, all in one transaction.
  Outcome<Paused> pause(const api::PauseRequest& request, domain::Timestamp now);
  api::AdminState resume(const api::ResumeRequest& request, domain::Timestamp now);

 private:
  std::int64_t abort_running(const api::PauseRequest& request, domain::Timestamp now);
  Outcome<std::optional<std::vector<std::string>>> attachments_of(const std::string& job_id);
  Outcome<domain::Job> abort_record(const store::JobRecord& record, const api::AbortRequest& request,
                                    domain::Timestamp now);

  store::JobStore& store_;
  Touched& touched_;
  Lifecycle lifecycle_;
  std::chrono::seconds attachment_wait_;
  domain::JobIdSequence ids_;
};

/// The request's own rules: lengths and counts. nullopt when all is right.
std::optional<Refusal> check(const api::CreateJobRequest& request);

/// The job that a request describes, with every default applied: what a repeated idempotency key is compared
/// on.
domain::Job to_job(const api::CreateJobRequest& request);

/// True when both were made from the same request.
bool same_request(const domain::Job& one, const domain::Job& other);

}  // namespace butler::orchestrator
