#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/types.hpp"
#include "domain/event.hpp"
#include "domain/job.hpp"
#include "store/approval_store.hpp"
#include "store/artifact_store.hpp"
#include "store/audit_log.hpp"
#include "store/peers.hpp"

namespace butler::store {

/// A worker's hold on a job; the latest one is kept after the job's end.
struct Lease {
  std::string token;
  std::string worker_id;
  domain::Timestamp since{};
  std::optional<std::string> claim_id;
  bool token_presented = false;  ///< a call has carried the token: calls without it are refused from then on
  bool accepted_without_token = false;  ///< an old client has written: never repeat this attempt
  bool had_activity = false;            ///< domain::is_activity() held for an event of this attempt
  std::int64_t last_batch = 0;
  std::vector<std::string> open_tool_calls;  ///< ids of those that started in this attempt and have not ended
  std::optional<std::string> next_claim_id;  ///< the claim that came with complete, for a repeat of that call
};

struct JobRecord {
  std::int64_t row = 0;
  domain::Job job;  ///< without the text so far of a job that has not ended
  std::optional<Lease> lease;
};

struct StoredEvent {
  domain::EventType type = domain::EventType::log;
  domain::Timestamp ts{};
  std::optional<std::string> message;
  std::optional<std::string> data;  ///< JSON text
  std::int64_t seq = 0;             ///< given by append_events
};

/// Events of one job after a cursor, bounded in number and size.
struct StoredEventPage {
  std::vector<StoredEvent> events;
  std::int64_t total = 0;  ///< events that are kept
  bool truncated = false;  ///< the cursor points into what the cap has dropped
};

struct JobFilter {
  std::optional<domain::JobStatus> status;
  std::optional<std::string> chat_id;
  std::optional<std::string> requester_id;
  std::optional<std::string> session_key;
  std::optional<std::string> before;  ///< only ids below this one
  std::size_t limit = 50;
};

struct ClaimFilter {
  std::optional<std::string> session_store;  ///< unset (an old client): any session
  std::optional<std::vector<domain::JobKind>> kinds;
  std::vector<std::string> labels;
};

struct StoredDelivery {
  std::int64_t seq = 0;
  domain::Job job;
};

/// What is open, counted.
struct Backlog {
  std::int64_t needs_approval = 0;
  std::int64_t queued = 0;
  std::int64_t running = 0;
  std::int64_t aborting = 0;
  std::int64_t deliveries = 0;                       ///< ended jobs that somebody has not acknowledged
  std::optional<domain::Timestamp> oldest_queued{};  ///< when the oldest queued job was made
};

/// What a step of retention has removed.
struct RemovedRows {
  std::int64_t jobs = 0;
  std::int64_t rows = 0;  ///< jobs and events
  std::vector<std::string> with_artifacts =
      {};  ///< ids of the removed jobs that had some: their files are left
};

/// The store did not take what it was given, and nothing of it was kept: it is away, full or read-only.
class StoreFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Durable home of the orchestrator's state. Synchronous, one thread but for commit().
///
/// Everything between begin() and commit() is one transaction; unit() is a part of it that fails by itself.
/// What a caller decides on comes back as a value. begin() and unit() throw StoreFault when the store takes
/// no writes now: no caller can do better than give up on the request.
class JobStore {
 public:
  virtual ~JobStore() = default;

  virtual void begin() = 0;
  /// Whether anything was written since begin().
  virtual bool has_written() const = 0;
  /// The one call that another thread may make, alone but for look().
  /// Durable when it returns; true when anything had been written. Throws StoreFault when nothing of it was
  /// kept; any other throw means that nobody knows: answer 503, end the process, recover from disk.
  virtual bool commit() = 0;
  virtual void rollback() = 0;
  /// False when the store has rolled the whole transaction back by itself (disk full).
  virtual bool in_transaction() const = 0;
  /// Runs `work` in a savepoint that is undone when it throws.
  virtual void unit(const std::function<void()>& work) = 0;
  /// Runs `work`, which only asks, on what is committed, as one moment has it: what an open transaction has
  /// written is not seen. Answers while commit() is on its way in another thread. Not inside a unit. Throws
  /// StoreFault, also when `work` writes.
  virtual void look(const std::function<void()>& work) = 0;
  /// As look(); returns what `work` returns.
  template <class Work>
  auto read(Work work) {
    std::optional<decltype(work())> result;
    look([&] { result.emplace(work()); });
    return *std::move(result);
  }

  /// Adds a job. Returns its row. The id and the idempotency key must be new. Whether it is claimable is
  /// known after refresh_head().
  virtual std::int64_t insert(const domain::Job& job, const std::optional<std::string>& idempotency_key) = 0;
  virtual std::optional<JobRecord> find(std::string_view id) = 0;
  virtual std::optional<JobRecord> find_by_idempotency_key(std::string_view key) = 0;
  virtual std::optional<JobRecord> find_by_claim(std::string_view claim_id) = 0;
  /// Newest first, without result texts.
  virtual std::vector<domain::Job> list(const JobFilter& filter) = 0;
  /// Every job that is running or aborting.
  virtual std::vector<JobRecord> leased() = 0;

  /// Writes the changed job if it still has `expected` as its status and, when the record has a lease, that
  /// lease's token: false when somebody else was faster.
  virtual bool update(const JobRecord& changed, domain::JobStatus expected) = 0;

  /// The oldest job that the filter may have: the head of a session in which nothing runs.
  virtual std::optional<JobRecord> oldest_claimable(const ClaimFilter& filter) = 0;
  virtual bool has_claimable() = 0;
  virtual void put_lease(std::int64_t row, const Lease& lease) = 0;
  /// After it nobody holds the job: every token is stale.
  virtual void remove_lease(std::int64_t row) = 0;
  /// Makes the oldest queued job of the session claimable if none of its jobs is leased and that job waits
  /// for no attachment; returns whether there is a claimable one now.
  virtual bool refresh_head(std::string_view session_key) = 0;
  /// The same within a unit; `claimable` is called instead, at the latest at the unit's end.
  virtual void refresh_head_then(std::string_view session_key, const std::function<void()>& claimable) {
    if (refresh_head(session_key)) claimable();
  }
  /// Binds the session to the store unless it is bound already, and notes to the day that it is in use.
  virtual void bind_session(std::string_view session_key, std::string_view session_store,
                            domain::Timestamp now) = 0;
  virtual std::optional<std::string> session_store(std::string_view session_key) = 0;
  /// The id that sorts last, at the latest when the transaction began; empty when there is none.
  virtual std::string newest_job_id() = 0;
  /// Claimable jobs of sessions whose store is not among those `seen`.
  virtual std::vector<JobRecord> claimable_elsewhere(const std::vector<std::string>& seen) = 0;

  /// Appends events with the next seqs and drops the oldest ones over the cap. Returns the last seq.
  virtual std::int64_t append_events(std::int64_t row, const std::vector<StoredEvent>& events) = 0;
  virtual StoredEventPage events_after(std::int64_t row, std::int64_t cursor) = 0;
  /// The answer's text so far: all agent_text_delta, also of dropped events.
  virtual std::string text_so_far(std::int64_t row) = 0;
  /// Whether the job had an event of this type with this exact message.
  virtual bool has_log(std::int64_t row, std::string_view message) = 0;

  /// Adds a message; with a known key nothing happens. Returns its seq, in one sequence with the decisions of
  /// the job's approvals.
  virtual std::int64_t add_message(std::int64_t row, std::string_view idempotency_key, api::MessageMode mode,
                                   std::string_view text, domain::Timestamp now) = 0;
  virtual void acknowledge_messages(std::int64_t row, std::int64_t through) = 0;
  virtual std::vector<api::JobMessage> open_messages(std::int64_t row) = 0;

  virtual void add_delivery(std::int64_t row, std::string_view deliver_to) = 0;
  virtual void remove_delivery(std::int64_t row) = 0;
  /// Oldest first.
  virtual std::vector<StoredDelivery> deliveries(std::string_view deliver_to, std::int64_t after,
                                                 std::size_t limit) = 0;

  virtual api::AdminState admin_state() = 0;
  virtual void set_admin_state(const api::AdminState& state) = 0;

  /// Costs what is open, however much has ended.
  virtual Backlog backlog() = 0;

  /// When the first of the jobs ended that remove_ended() may take at some time.
  virtual std::optional<domain::Timestamp> oldest_ended() = 0;
  /// A step of retention: removes jobs that ended before `before`, oldest first, with all that is theirs (the
  /// idempotency key too), at most `most` jobs and events together; fewer went when nothing is left. A job
  /// whose delivery is not acknowledged stays. The events of a job that has many go first, step by step.
  virtual RemovedRows remove_ended(domain::Timestamp before, std::size_t most) = 0;
  /// Forgets at most `most` sessions in which no job was started since `before` (and a day, the precision of
  /// that), and none waits or runs. Returns how many.
  virtual std::int64_t remove_sessions(domain::Timestamp before, std::size_t most) = 0;

  /// Parts of the same transaction.
  virtual ApprovalStore& approvals() = 0;
  virtual ArtifactStore& artifacts() = 0;
  virtual AuditLog& audit() = 0;

  /// The other processes that use this store; nullptr: there are none, ever.
  virtual Peers* peers() { return nullptr; }

  /// Writes something that changes nothing: throws when the store takes no writes.
  virtual void prove_writable() = 0;
};

}  // namespace butler::store
