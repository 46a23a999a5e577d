#include "worker/approval_wait.hpp"

#include <utility>

#include "log/log.hpp"
#include "worker/persistence.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

constexpr std::string_view unasked = "Butler could not ask whether this may run, so it was not started.";

Permission no(std::string_view why) { return {.allowed = false, .reason = std::string{why}}; }

Permission permission_of(const api::ApprovalDecision& decision) {
  const bool allowed = decision.decision == domain::ApprovalVerdict::allow;
  return {.allowed = allowed, .reason = decision.reason.value_or(""), .noted = !allowed};
}

}  // namespace

ApprovalWait::ApprovalWait(asio::any_io_executor executor, api::OrchestratorClient& orchestrator, Stop& stop,
                           std::string job_id, std::string lease_token,
                           std::function<void(const api::CallError&)> on_refused)
    : orchestrator_(orchestrator),
      stop_(stop),
      job_id_(std::move(job_id)),
      lease_token_(std::move(lease_token)),
      on_refused_(std::move(on_refused)),
      changed_(std::move(executor)) {}

asio::awaitable<Permission> ApprovalWait::ask(api::ApprovalRequest request) {
  /// One more while it lives: also when who asked is cancelled.
  struct Asking {
    ApprovalWait& wait;
    explicit Asking(ApprovalWait& of) : wait(of) { ++wait.asking_; }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
    ~Asking() {
      --wait.asking_;
      wait.changed_.notify_all();
    }
  };
  const Asking asking(*this);
  co_return co_await find_out(std::move(request));
}

asio::awaitable<Permission> ApprovalWait::find_out(api::ApprovalRequest request) {
  if (closed_) co_return no(unasked);
  const std::string call_id = request.tool_call_id;
  auto post = [&] { return orchestrator_.request_approval(job_id_, lease_token_, request); };
  const auto approval = co_await persist<api::Approval>("approvals", post, stop_, GiveUp::when_grace_is_over);
  if (!approval) {
    if (approval.error().kind == api::CallError::Kind::refused) on_refused_(approval.error());
    co_return no(std::string{unasked} + " " + approval.error().message);
  }
  log::info("approval.asked", {{"job", job_id_}, {"approval", approval->id}, {"call", call_id}});
  switch (approval->status) {
    case domain::ApprovalStatus::pending: break;
    case domain::ApprovalStatus::allowed: co_return Permission{.allowed = true};
    case domain::ApprovalStatus::denied:
    case domain::ApprovalStatus::expired:
      co_return Permission{.reason = approval->reason.value_or(""), .noted = true};
  }
  co_return co_await wait_for(approval->id);
}

asio::awaitable<Permission> ApprovalWait::wait_for(std::string approval_id) {
  const PersonWait::Span waiting(person_wait_);
  while (!closed_ && !decisions_.contains(approval_id)) co_await changed_.wait();
  const auto decision = decisions_.find(approval_id);
  if (decision == decisions_.end()) co_return no(unasked);
  co_return permission_of(decision->second);
}

void ApprovalWait::decided(api::ApprovalDecision decision) {
  std::string id = decision.approval_id;
  decisions_.insert_or_assign(std::move(id), std::move(decision));
  changed_.notify_all();
}

asio::awaitable<void> ApprovalWait::join() {
  while (asking_ > 0) co_await changed_.wait();
}

void ApprovalWait::close() {
  closed_ = true;
  changed_.notify_all();
}

}  // namespace butler::worker
