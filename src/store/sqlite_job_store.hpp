#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "sqlite/checkpointer.hpp"
#include "sqlite/file_lock.hpp"
#include "store/job_store.hpp"
#include "store/sqlite_approvals.hpp"
#include "store/sqlite_artifacts.hpp"
#include "store/sqlite_audit_log.hpp"
#include "store/sqlite_link.hpp"

namespace butler::store {

/// The orchestrator's state in one SQLite file. A second process on the same file is refused by name.
class SqliteJobStore final : public JobStore {
 public:
  /// Opens, locks and migrates. Throws with a sentence that names the file when that is not possible.
  SqliteJobStore(const std::filesystem::path& file, domain::Timestamp now);

  void begin() override;
  bool commit() override;
  void rollback() override;
  bool in_transaction() const override;
  bool has_written() const override;
  void unit(const std::function<void()>& work) override;
  void look(const std::function<void()>& work) override;

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
  void prove_writable() override;

  std::optional<domain::Timestamp> oldest_ended() override;
  RemovedRows remove_ended(domain::Timestamp before, std::size_t most) override;
  std::int64_t remove_sessions(domain::Timestamp before, std::size_t most) override;

 private:
  std::optional<JobRecord> one(sqlite::Statement& statement);
  void drop_events_over_cap(std::int64_t row, std::int64_t last_seq);

  sqlite::FileLock lock_;
  SqliteLink database_;
  sqlite::Checkpointer checkpointer_{database_.database()};
  SqliteApprovals approvals_{database_};
  SqliteArtifacts artifacts_{database_};
  SqliteAuditLog audit_{database_};
  std::optional<sqlite::Transaction> transaction_;
  std::int64_t changed_before_ = 0;
};

}  // namespace butler::store
