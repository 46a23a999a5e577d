#pragma once

#include <functional>
#include <stdexcept>
#include <type_traits>

#include "store/job_store.hpp"

namespace butler::store {

/// A store that fails at a chosen call: before the call has its effect, or after it, so that the caller does
/// not hear what came of it. Every call of the interface counts, begin, unit and commit too; approvals,
/// artifacts and the audit log pass.
///
/// A failing call is a StoreFault, and either the transaction goes on without it or it is lost as a whole, as
/// with a connection. A commit whose answer is lost is an error of another kind: nobody knows what is on
/// disk.
class FaultyJobStore final : public JobStore {
 public:
  enum class When : std::uint8_t { before, after };

  explicit FaultyJobStore(JobStore& inner) : inner_(inner) {}

  /// The n-th call from now on fails, n from 0.
  void fail_at(std::size_t call, When when, bool with_transaction) {
    left_ = call;
    when_ = when;
    with_transaction_ = with_transaction;
    armed_ = true;
  }
  /// The next commit fails, unless a call before it was to fail.
  void fail_at_commit(When when) {
    when_ = when;
    commit_fails_ = true;
  }

  /// Called before each commit, in the thread that makes it.
  void before_commit(std::function<void()> call) { before_commit_ = std::move(call); }

  bool commit() override {
    if (before_commit_) before_commit_();
    const bool fails = comes_due() || commit_fails_;
    commit_fails_ = false;
    if (fails && when_ == When::before) {
      inner_.rollback();
      throw std::runtime_error("the commit did not arrive");
    }
    const bool wrote = inner_.commit();
    if (fails) throw std::runtime_error("the commit's answer was lost");
    return wrote;
  }
  void rollback() override { inner_.rollback(); }
  bool in_transaction() const override { return inner_.in_transaction(); }
  bool has_written() const override { return inner_.has_written(); }
  void look(const std::function<void()>& work) override { inner_.look(work); }
  /// What a unit has kept cannot be taken out of its transaction again: a lost answer loses both.
  void unit(const std::function<void()>& work) override {
    const bool fails = comes_due();
    if (fails && when_ == When::before) fail(with_transaction_);
    inner_.unit(work);
    if (fails) fail(true);
  }
  ApprovalStore& approvals() override { return inner_.approvals(); }
  ArtifactStore& artifacts() override { return inner_.artifacts(); }
  AuditLog& audit() override { return inner_.audit(); }

  void begin() override {
    return pass([&]() -> void { return inner_.begin(); });
  }
  std::int64_t insert(const domain::Job& job, const std::optional<std::string>& idempotency_key) override {
    return pass([&]() -> std::int64_t { return inner_.insert(job, idempotency_key); });
  }
  std::optional<JobRecord> find(std::string_view id) override {
    return pass([&]() -> std::optional<JobRecord> { return inner_.find(id); });
  }
  std::optional<JobRecord> find_by_idempotency_key(std::string_view key) override {
    return pass([&]() -> std::optional<JobRecord> { return inner_.find_by_idempotency_key(key); });
  }
  std::optional<JobRecord> find_by_claim(std::string_view claim_id) override {
    return pass([&]() -> std::optional<JobRecord> { return inner_.find_by_claim(claim_id); });
  }
  std::vector<domain::Job> list(const JobFilter& filter) override {
    return pass([&]() -> std::vector<domain::Job> { return inner_.list(filter); });
  }
  std::vector<JobRecord> leased() override {
    return pass([&]() -> std::vector<JobRecord> { return inner_.leased(); });
  }
  bool update(const JobRecord& changed, domain::JobStatus expected) override {
    return pass([&]() -> bool { return inner_.update(changed, expected); });
  }
  std::optional<JobRecord> oldest_claimable(const ClaimFilter& filter) override {
    return pass([&]() -> std::optional<JobRecord> { return inner_.oldest_claimable(filter); });
  }
  bool has_claimable() override {
    return pass([&]() -> bool { return inner_.has_claimable(); });
  }
  void put_lease(std::int64_t row, const Lease& lease) override {
    return pass([&]() -> void { return inner_.put_lease(row, lease); });
  }
  void remove_lease(std::int64_t row) override {
    return pass([&]() -> void { return inner_.remove_lease(row); });
  }
  bool refresh_head(std::string_view session_key) override {
    return pass([&]() -> bool { return inner_.refresh_head(session_key); });
  }
  void refresh_head_then(std::string_view session_key, const std::function<void()>& claimable) override {
    return pass([&]() -> void { return inner_.refresh_head_then(session_key, claimable); });
  }
  void bind_session(std::string_view session_key, std::string_view session_store,
                    domain::Timestamp now) override {
    return pass([&]() -> void { return inner_.bind_session(session_key, session_store, now); });
  }
  std::string newest_job_id() override {
    return pass([&]() -> std::string { return inner_.newest_job_id(); });
  }
  std::optional<std::string> session_store(std::string_view session_key) override {
    return pass([&]() -> std::optional<std::string> { return inner_.session_store(session_key); });
  }
  std::vector<JobRecord> claimable_elsewhere(const std::vector<std::string>& seen) override {
    return pass([&]() -> std::vector<JobRecord> { return inner_.claimable_elsewhere(seen); });
  }
  std::int64_t append_events(std::int64_t row, const std::vector<StoredEvent>& events) override {
    return pass([&]() -> std::int64_t { return inner_.append_events(row, events); });
  }
  StoredEventPage events_after(std::int64_t row, std::int64_t cursor) override {
    return pass([&]() -> StoredEventPage { return inner_.events_after(row, cursor); });
  }
  std::string text_so_far(std::int64_t row) override {
    return pass([&]() -> std::string { return inner_.text_so_far(row); });
  }
  bool has_log(std::int64_t row, std::string_view message) override {
    return pass([&]() -> bool { return inner_.has_log(row, message); });
  }
  std::int64_t add_message(std::int64_t row, std::string_view idempotency_key, api::MessageMode mode,
                           std::string_view text, domain::Timestamp now) override {
    return pass([&]() -> std::int64_t { return inner_.add_message(row, idempotency_key, mode, text, now); });
  }
  void acknowledge_messages(std::int64_t row, std::int64_t through) override {
    return pass([&]() -> void { return inner_.acknowledge_messages(row, through); });
  }
  std::vector<api::JobMessage> open_messages(std::int64_t row) override {
    return pass([&]() -> std::vector<api::JobMessage> { return inner_.open_messages(row); });
  }
  void add_delivery(std::int64_t row, std::string_view deliver_to) override {
    return pass([&]() -> void { return inner_.add_delivery(row, deliver_to); });
  }
  void remove_delivery(std::int64_t row) override {
    return pass([&]() -> void { return inner_.remove_delivery(row); });
  }
  std::vector<StoredDelivery> deliveries(std::string_view deliver_to, std::int64_t after,
                                         std::size_t limit) override {
    return pass([&]() -> std::vector<StoredDelivery> { return inner_.deliveries(deliver_to, after, limit); });
  }
  api::AdminState admin_state() override {
    return pass([&]() -> api::AdminState { return inner_.admin_state(); });
  }
  void set_admin_state(const api::AdminState& state) override {
    return pass([&]() -> void { return inner_.set_admin_state(state); });
  }
  Backlog backlog() override {
    return pass([&]() -> Backlog { return inner_.backlog(); });
  }
  std::optional<domain::Timestamp> oldest_ended() override {
    return pass([&]() -> std::optional<domain::Timestamp> { return inner_.oldest_ended(); });
  }
  RemovedRows remove_ended(domain::Timestamp before, std::size_t most) override {
    return pass([&]() -> RemovedRows { return inner_.remove_ended(before, most); });
  }
  std::int64_t remove_sessions(domain::Timestamp before, std::size_t most) override {
    return pass([&]() -> std::int64_t { return inner_.remove_sessions(before, most); });
  }
  void prove_writable() override {
    return pass([&]() -> void { return inner_.prove_writable(); });
  }

 private:
  template <class Call>
  std::invoke_result_t<Call> pass(Call call) {
    const bool fails = comes_due();
    if (fails && when_ == When::before) fail(with_transaction_);
    if constexpr (std::is_void_v<std::invoke_result_t<Call>>) {
      call();
      if (fails) fail(with_transaction_);
    } else {
      auto result = call();
      if (fails) fail(with_transaction_);
      return result;
    }
  }

  bool comes_due() {
    if (!armed_) return false;
    if (left_ > 0) {
      --left_;
      return false;
    }
    armed_ = false;
    return true;
  }

  [[noreturn]] void fail(bool with_transaction) {
    if (with_transaction && inner_.in_transaction()) inner_.rollback();
    throw StoreFault("the test's store fails here");
  }

  JobStore& inner_;
  std::function<void()> before_commit_;
  std::size_t left_ = 0;
  When when_ = When::before;
  bool with_transaction_ = false;
  bool armed_ = false;
  bool commit_fails_ = false;
};

}  // namespace butler::store
