#pragma once

#include <optional>
#include <string>

#include "store/job_store.hpp"
#include "store/postgres_approvals.hpp"
#include "store/postgres_artifacts.hpp"
#include "store/postgres_audit_log.hpp"
#include "store/postgres_link.hpp"
#include "store/postgres_peers.hpp"

namespace butler::store {

/// The orchestrator's state in a PostgreSQL database, which several processes may share.
///
/// One transaction at a time changes it: each begins with a lock of the database (an advisory lock, which
/// ends with the transaction), for what is read in it decides what is written in it, and the audit log is one
/// chain. A process that is stopped inside a transaction loses it when another one has waited for four
/// seconds.
///
/// While the server is away begin() and whatever reads throw StoreFault; the first call after it is back
/// connects again. What the caller keeps in memory beside the store may be behind it then.
class PostgresJobStore final : public JobStore {
 public:
  /// Connects and migrates. Throws with a sentence that names the server when that is not possible, and
  /// others by name that have to stop first: a newer schema is not for them.
  /// @param url          postgresql://…, a secret
  /// @param application  what the server's lists call this process; another process has another name
  PostgresJobStore(const std::string& url, const std::string& application, domain::Timestamp now);

  void begin() override;
  bool commit() override;
  void rollback() override;
  bool in_transaction() const override;
  bool has_written() const override;
  void unit(const std::function<void()>& work) override;
  void look(const std::function<void()>& work) override { link_.look(work); }

  std::int64_t insert(const domain::Job& job, const std::optional<std::string>& idempotency_key) override;
  std::optional<JobRecord> find(std::string_view id) override;
  std::optional<JobRecord> find_by_idempotency_key(std::string_view key) override;
  std::optional<JobRecord> find_by_claim(std::string_view claim_id) override;
  std::vector<domain::Job> list(const JobFilter& filter) override;
  std::vector<JobRecord> leased() override;
  bool update(const JobRecord& changed, domain::JobStatus expected) override;

  std::optional<JobRecord> oldest_claimable(const ClaimFilter& filter) override;
  bool has_claimable() override;
  void put_lease(std::int64_t row, const Lease& lease) override;
  void remove_lease(std::int64_t row) override;
  bool refresh_head(std::string_view session_key) override;
  void refresh_head_then(std::string_view session_key, const std::function<void()>& claimable) override;
  void bind_session(std::string_view session_key, std::string_view session_store,
                    domain::Timestamp now) override;
  std::optional<std::string> session_store(std::string_view session_key) override;
  std::string newest_job_id() override;
  std::vector<JobRecord> claimable_elsewhere(const std::vector<std::string>& seen) override;

  std::int64_t append_events(std::int64_t row, const std::vector<StoredEvent>& events) override;
  StoredEventPage events_after(std::int64_t row, std::int64_t cursor) override;
  std::string text_so_far(std::int64_t row) override;
  bool has_log(std::int64_t row, std::string_view message) override;

  std::int64_t add_message(std::int64_t row, std::string_view idempotency_key, api::MessageMode mode,
                           std::string_view text, domain::Timestamp now) override;
  void acknowledge_messages(std::int64_t row, std::int64_t through) override;
  std::vector<api::JobMessage> open_messages(std::int64_t row) override;

  void add_delivery(std::int64_t row, std::string_view deliver_to) override;
  void remove_delivery(std::int64_t row) override;
  std::vector<StoredDelivery> deliveries(std::string_view deliver_to, std::int64_t after,
                                         std::size_t limit) override;

  api::AdminState admin_state() override;
  void set_admin_state(const api::AdminState& state) override;
  Backlog backlog() override;
  ApprovalStore& approvals() override { return approvals_; }
  ArtifactStore& artifacts() override { return artifacts_; }
  AuditLog& audit() override { return audit_; }
  Peers* peers() override { return &peers_; }
  void prove_writable() override;

  /// How often the server was waited for.
  std::int64_t rounds() const { return link_.connection().rounds(); }

  std::optional<domain::Timestamp> oldest_ended() override;
  RemovedRows remove_ended(domain::Timestamp before, std::size_t most) override;
  std::int64_t remove_sessions(domain::Timestamp before, std::size_t most) override;

 private:
  struct KeptEvents {
    std::int64_t last = 0;     ///< seq of the last event
    std::int64_t dropped = 0;  ///< how many the cap has taken out
    std::int64_t through = 0;  ///< up to which seq
  };
  WholeState* whole();
  std::int64_t next_row();
  bool has_no_messages(std::int64_t row);
  std::optional<JobRecord> known_record(const postgres::Result& found);
  std::int64_t append_behind(std::int64_t row, std::int64_t last, const std::vector<StoredEvent>& events);
  KeptEvents kept_events(std::int64_t row);
  void drop_events_over_cap(std::int64_t row, std::int64_t last);

  PostgresLink link_;
  PostgresPeers peers_;
  PostgresApprovals approvals_{link_};
  PostgresArtifacts artifacts_{link_};
  PostgresAuditLog audit_{link_, [this] { return whole(); }};
  std::vector<std::int64_t> rows_;       ///< numbers for new jobs, which nobody else is given
  std::int64_t rows_of_connection_ = 0;  ///< which connect() they came with
};

}  // namespace butler::store
