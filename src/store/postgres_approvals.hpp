#pragma once

#include "store/approval_store.hpp"
#include "store/postgres_link.hpp"

namespace butler::store {

/// Approvals and standing decisions in the orchestrator's PostgreSQL database.
class PostgresApprovals final : public ApprovalStore {
 public:
  explicit PostgresApprovals(PostgresLink& link) : link_(link) {}

  std::int64_t insert(const ApprovalRecord& record) override;
  void update(const ApprovalRecord& record) override;
  std::optional<ApprovalRecord> find(std::int64_t job_row, std::string_view id) override;
  std::optional<ApprovalRecord> find_by_call(std::int64_t job_row, std::string_view tool_call_id) override;
  std::optional<ApprovalRecord> find_carried(std::int64_t job_row, std::string_view payload_hash) override;
  std::vector<ApprovalRecord> of_job(std::int64_t job_row) override;
  std::size_t count(std::int64_t job_row) override;
  std::vector<ApprovalRecord> pending(std::int64_t job_row) override;
  std::vector<ApprovalRecord> carried(std::int64_t job_row) override;
  std::int64_t next_seq(std::int64_t job_row) override;
  std::vector<ApprovalRecord> undelivered(std::int64_t job_row) override;
  void acknowledge(std::int64_t job_row, std::int64_t through) override;
  bool has_open_call(std::int64_t job_row) override;
  void close_call(std::int64_t job_row, std::string_view tool_call_id) override;
  void close_delivered(std::int64_t job_row) override;
  void carry(std::int64_t job_row) override;
  std::optional<domain::Timestamp> next_expiry() override;
  std::vector<ApprovalRecord> overdue(domain::Timestamp now) override;

  std::int64_t put_standing(const api::StandingDecision& decision) override;
  std::vector<api::StandingDecision> find_standing(std::string_view payload_hash,
                                                   std::string_view requester_id,
                                                   std::string_view session_key) override;
  std::vector<api::StandingDecision> standing(std::size_t limit) override;
  void count_use(std::int64_t id, domain::Timestamp now) override;
  std::optional<api::StandingDecision> remove_standing(std::int64_t id) override;
  std::int64_t remove_unused_standing(domain::Timestamp before, std::size_t most) override;

 private:
  bool has_none(std::int64_t job_row);

  PostgresLink& link_;
};

}  // namespace butler::store
