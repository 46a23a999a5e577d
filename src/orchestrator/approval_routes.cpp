#include "api/describe.hpp"
#include "domain/limits.hpp"
#include "orchestrator/routes.hpp"

namespace butler::orchestrator {

namespace {

/// POST /v1/workers/:jobId/approvals
Answer request_approval(ApprovalService& approvals, const RouteRequest& call) {
  const auto body = decode_body<api::ApprovalRequest>(call.request);
  if (!body) return to_response(body.error());
  const auto asked = approvals.request(call.job_id(), call.header("x-lease-token"), *body, call.now);
  if (!asked) return to_response(asked.error());
  return json_response(asked->is_new ? 201 : 200, json::encode(api::ApprovalAnswer{asked->approval}));
}

Answer list_approvals(ApprovalService& approvals, const RouteRequest& call) {
  const auto list = approvals.list(call.job_id());
  if (!list) return to_response(list.error());
  return json_response(200, json::encode(*list));
}

Answer decide_approval(ApprovalService& approvals, const RouteRequest& call) {
  const auto body = decode_body<api::DecideApprovalRequest>(call.request);
  if (!body) return to_response(body.error());
  const auto decided = approvals.decide(call.job_id(), call.parameters.at(1), *body, call.now.wall);
  if (!decided) return to_response(decided.error());
  return json_response(200, json::encode(api::ApprovalAnswer{*decided}));
}

Answer list_decisions(ApprovalService& approvals, const RouteRequest&) {
  return json_response(200, json::encode(approvals.standing()));
}

Answer revoke_decision(ApprovalService& approvals, const RouteRequest& call) {
  const auto body = decode_body<api::RevokeDecisionRequest>(call.request);
  if (!body) return to_response(body.error());
  const auto revoked = approvals.revoke(call.parameters.front(), *body, call.now.wall);
  if (!revoked) return to_response(revoked.error());
  return json_response(200, json::Object{{"ok", true}});
}

Handler on_approvals(Answer (*handler)(ApprovalService&, const RouteRequest&), ApprovalService& approvals) {
  return [handler, &approvals](const RouteRequest& call) { return handler(approvals, call); };
}

}  // namespace

void add_approval_routes(RouteTable& routes, ApprovalService& approvals) {
  constexpr auto gateway = Caller::gateway;
  constexpr auto body = domain::limits::body_bytes;
  routes.add_reading(
      {"GET", "/v1/jobs/:jobId/approvals", gateway, 0, on_approvals(list_approvals, approvals)});
  routes.add({"POST", "/v1/jobs/:jobId/approvals/:approvalId", gateway, body,
              on_approvals(decide_approval, approvals)});
  routes.add_reading({"GET", "/v1/decisions", gateway, 0, on_approvals(list_decisions, approvals)});
  routes.add(
      {"POST", "/v1/decisions/:decisionId/revoke", gateway, body, on_approvals(revoke_decision, approvals)});
  routes.add({"POST", "/v1/workers/:jobId/approvals", Caller::worker, body,
              on_approvals(request_approval, approvals)});
}

}  // namespace butler::orchestrator
