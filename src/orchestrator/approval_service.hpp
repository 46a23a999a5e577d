#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/job_id.hpp"
#include "orchestrator/approval_lifecycle.hpp"
#include "orchestrator/lease_service.hpp"

namespace butler::orchestrator {

/// Questions whether a tool call may run: asked by the worker that holds the job, decided by people through
/// the gateway. Each method runs inside a unit of the store. Who may decide is the gateway's to check.
class ApprovalService {
 public:
  ApprovalService(store::JobStore& store, Touched& touched, Measures& measures, LeaseService& leases)
      : store_(store), leases_(leases), lifecycle_(store, touched, measures) {}

  struct Requested {
    api::Approval approval;
    bool is_new = true;  ///< false: this call has asked before, or takes over what a lost attempt had asked
  };
  /// See api::ApprovalRequest for what a repeat gets.
  Outcome<Requested> request(std::string_view job_id, const LeaseService::Token& token,
                             const api::ApprovalRequest& request, LeaseService::Now now);

  Outcome<api::ApprovalList> list(std::string_view job_id);
  /// The first decision wins: the same again comes back as it is, another one is refused with the winner.
  Outcome<api::Approval> decide(std::string_view job_id, std::string_view approval_id,
                                const api::DecideApprovalRequest& request, domain::Timestamp now);

  api::StandingDecisionList standing();
  Outcome<void> revoke(std::string_view id, const api::RevokeDecisionRequest& request, domain::Timestamp now);

  /// Ends what nobody has decided in time.
  void expire(domain::Timestamp now);
  /// When the next approval's time is over.
  std::optional<domain::Timestamp> next_expiry() {
    return store_.read([this] { return store_.approvals().next_expiry(); });
  }

 private:
  std::optional<api::Approval> asked_before(const store::JobRecord& job, const api::ApprovalRequest& request,
                                            domain::Timestamp now);
  std::optional<api::StandingDecision> standing_for(const domain::Job& job, const api::Approval& approval);
  void keep_decision(const domain::Job& job, const api::Approval& approval, domain::Timestamp now);

  store::JobStore& store_;
  LeaseService& leases_;
  ApprovalLifecycle lifecycle_;
  domain::JobIdSequence ids_;
};

/// The request's own rules. nullopt when all is right.
std::optional<Refusal> check(const api::ApprovalRequest& request);
std::optional<Refusal> check(const api::DecideApprovalRequest& request);

}  // namespace butler::orchestrator
