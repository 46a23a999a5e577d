#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/types.hpp"
#include "orchestrator/lifecycle.hpp"
#include "orchestrator/worker_sightings.hpp"

namespace butler::orchestrator {

/// What a worker may do with the job that it holds, and what becomes of jobs whose worker is gone. Each
/// method runs inside a unit of the store. The lease token fences: whoever was cut off can never write into
/// somebody else's attempt.
///
/// When a lease runs out is in memory, on the steady clock (LeaseClock), and where several orchestrators
/// share the store, in its rows, by the database's clock: any of them ends the leases of all.
class LeaseService {
 public:
  LeaseService(store::JobStore& store, Touched& touched, LeaseClock& leases, Measures& measures,
               std::chrono::milliseconds lease, std::chrono::seconds session_home)
      : store_(store),
        touched_(touched),
        leases_(leases),
        measures_(measures),
        lifecycle_(store, touched, leases, measures),
        lease_(lease),
        session_home_(session_home),
        peers_(store.peers()) {}

  using Steady = std::chrono::steady_clock::time_point;
  using Token = std::optional<std::string>;

  /// Now, on both clocks: decisions take the wall clock, leases the steady one.
  struct Now {
    domain::Timestamp wall;
    Steady steady;
  };

  /// nullopt: nothing to do for this worker now (or the queue is paused). The same claimId gets the same job
  /// again.
  Outcome<std::optional<api::ClaimedJob>> claim(const api::ClaimRequest& request, Now now);
  Outcome<void> report_events(std::string_view job_id, const Token& token,
                              const api::ReportEventsRequest& request, Now now);

  struct Heartbeat {
    api::HeartbeatAnswer answer;
    bool has_news = false;  ///< an abort that was not told yet, a message or a decision: answer at once
  };
  Outcome<Heartbeat> heartbeat(std::string_view job_id, const Token& token, std::int64_t ack, Now now);

  struct Completed {
    domain::Job job;
    bool with_next = false;  ///< the request asked for the next job
    std::optional<api::ClaimedJob> next;
  };
  Outcome<Completed> complete(std::string_view job_id, const Token& token,
                              const api::CompleteRequest& request, Now now);
  Outcome<domain::Job> fail(std::string_view job_id, const Token& token, const api::FailRequest& request,
                            Now now);
  Outcome<domain::Job> acknowledge_abort(std::string_view job_id, const Token& token,
                                         const api::AbortedRequest& request, Now now);

  /// The job of which the token holds the lease, which is extended.
  Outcome<store::JobRecord> holder(std::string_view job_id, const Token& token, Now now);

  /// As holder(), and without a token it is nobody.
  Outcome<store::JobRecord> strict_holder(std::string_view job_id, const Token& token, Now now);
  /// Whether the token is that of the job's latest lease; a look that extends nothing.
  static bool holds(const store::JobRecord& record, const Token& token);
  /// Appends an event that is activity of the attempt; the job is held.
  void append_activity(store::JobRecord& record, const store::StoredEvent& event);

  /// After a start: every running job gets one grace lease, unless another orchestrator was there meanwhile.
  void grant_grace(Now now);
  /// After something was undone: a job that still runs and whose lease is forgotten gets one.
  void recover(Now now);
  /// Ends the attempts whose lease ran out.
  void expire(Now now);
  /// Tells, once per job, that the machine which holds the conversation is away.
  void report_absent_homes(Now now);

  /// Whether other orchestrators may end leases, and this one has to look for theirs.
  bool shares_leases() const { return peers_ != nullptr; }

  /// Which workers have called, and what they hold.
  std::vector<api::WorkerPresence> workers(Now now);
  WorkerSightings& sightings() { return sightings_; }

  std::chrono::milliseconds lease() const { return lease_; }

 private:
  struct Held {
    store::JobRecord record;
    bool same_lease = false;
    bool unsaved = false;  ///< the lease has changed, and the caller has to put it
  };
  enum class Save : std::uint8_t { now, later };
  Outcome<Held> hold(std::string_view job_id, const Token& token, Now now, Save save = Save::now);
  void saw(const api::ClaimRequest& request, Now now);
  std::optional<api::ClaimedJob> claim_next(api::ClaimRequest request, const std::string& claim_id, Now now);
  std::optional<api::ClaimedJob> claim_oldest(const api::ClaimRequest& request, Now now);
  void extend(const store::JobRecord& record, Now now);
  void renew(std::int64_t job_row, const std::string& job_id, Now now);
  std::vector<std::string> expired(Now now);
  void attend(Now now);
  api::ClaimedJob start(store::JobRecord record, const api::ClaimRequest& request, Now now);
  api::ClaimedJob claimed(const store::JobRecord& record, const domain::Job& job, const std::string& token,
                          Now now);
  domain::AttemptFacts facts_of(const store::JobRecord& record);
  void follow_tool_calls(store::JobRecord& record, const std::vector<store::StoredEvent>& events);
  std::optional<api::ClaimedJob> repeated_claim(const std::optional<store::JobRecord>& record, Now now);
  void give_up(const store::JobRecord& record, std::string error, Now now);
  Outcome<domain::Job> requeue(const store::JobRecord& record, domain::LostAttempt outcome, EventText text,
                               Now now, bool same_lease);

  store::JobStore& store_;
  Touched& touched_;
  LeaseClock& leases_;
  Measures& measures_;
  Lifecycle lifecycle_;
  std::chrono::milliseconds lease_;
  std::chrono::seconds session_home_;
  std::map<std::string, Steady, std::less<>> stores_seen_;
  WorkerSightings sightings_;
  std::optional<Steady> started_;
  store::Peers* peers_;  ///< nullptr: there are no others
};

/// The rules of a claim's own fields. nullopt when all is right.
std::optional<Refusal> check(const api::ClaimRequest& request);
std::optional<Refusal> check(const api::ReportEventsRequest& request);

}  // namespace butler::orchestrator
