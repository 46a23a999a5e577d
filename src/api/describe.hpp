#pragma once

#include "api/artifact.hpp"
#include "api/audit.hpp"
#include "api/types.hpp"
#include "api/worker_presence.hpp"
#include "domain/describe.hpp"
#include "json/codec.hpp"

/// The JSON mapping of api/types.hpp. Include in the .cpp files that read or write bodies.
namespace butler::api {

BOOST_DESCRIBE_ENUM(MessageMode, steer, follow_up)
BOOST_DESCRIBE_STRUCT(CreateJobRequest, (),
                      (kind, prompt, channel, chat_id, requester_id, thread_id, session_key,
                       requires_approval, metadata, deliver_to, labels, attachments, attachments_from))
BOOST_DESCRIBE_STRUCT(JobAnswer, (), (job))
BOOST_DESCRIBE_STRUCT(JobList, (), (jobs, next_before))
BOOST_DESCRIBE_STRUCT(Event, (), (type, ts, message, data, seq))
BOOST_DESCRIBE_STRUCT(ReportedEvent, (), (type, ts, message, data))
BOOST_DESCRIBE_STRUCT(EventPage, (), (events, next_cursor, total, truncated))
BOOST_DESCRIBE_STRUCT(ApproveRequest, (), (approver_id))
BOOST_DESCRIBE_STRUCT(AbortRequest, (), (reason, requester_id, if_status))
BOOST_DESCRIBE_STRUCT(MessageRequest, (), (mode, text))
BOOST_DESCRIBE_STRUCT(JobMessage, (), (seq, mode, text))
BOOST_DESCRIBE_STRUCT(PauseRequest, (), (reason, abort_running, requester_id))
BOOST_DESCRIBE_STRUCT(ResumeRequest, (), (requester_id))
BOOST_DESCRIBE_STRUCT(AdminState, (), (paused, pause_reason, updated_at))
BOOST_DESCRIBE_STRUCT(AdminAnswer, (), (admin, aborted))
BOOST_DESCRIBE_STRUCT(HealthAnswer, (), (ok, ts, admin))
BOOST_DESCRIBE_STRUCT(ClaimRequest, (), (worker_id, wait_seconds, claim_id, session_store, kinds, labels))
BOOST_DESCRIBE_STRUCT(Approval, (),
                      (id, job_id, tool_call_id, tool_name, summary, input, risk, payload_hash, cwd,
                       sandbox_profile, scopes, status, scope, reason, decider_id, created_at, expires_at,
                       decided_at))
BOOST_DESCRIBE_STRUCT(ApprovalAnswer, (), (approval))
BOOST_DESCRIBE_STRUCT(ApprovalList, (), (approvals))
BOOST_DESCRIBE_STRUCT(ApprovalRequest, (),
                      (tool_call_id, tool_name, summary, input, risk, payload_hash, cwd, sandbox_profile,
                       expires_at, scopes))
BOOST_DESCRIBE_STRUCT(DecideApprovalRequest, (), (decision, scope, decider_id, reason))
BOOST_DESCRIBE_STRUCT(ApprovalDecision, (),
                      (seq, approval_id, tool_call_id, payload_hash, decision, scope, reason))
BOOST_DESCRIBE_STRUCT(StandingDecision, (),
                      (id, decision, payload_hash, requester_id, session_key, tool_name, summary, decider_id,
                       created_at, used))
BOOST_DESCRIBE_STRUCT(StandingDecisionList, (), (decisions))
BOOST_DESCRIBE_STRUCT(RevokeDecisionRequest, (), (revoker_id))
BOOST_DESCRIBE_STRUCT(ClaimedJob, (), (job, lease_token, lease_expires_at, approvals))
BOOST_DESCRIBE_STRUCT(ReportEventsRequest, (), (event, events, batch))
BOOST_DESCRIBE_STRUCT(HeartbeatAnswer, (), (abort_requested, lease_expires_at, messages, decisions))
BOOST_DESCRIBE_STRUCT(CompleteRequest, (), (result_text, usage, claim))
BOOST_DESCRIBE_STRUCT(FailRequest, (), (error, retryable))
BOOST_DESCRIBE_STRUCT(AbortedRequest, (), (reason))
BOOST_DESCRIBE_ENUM(ArtifactKind, photo, document, voice, audio, video)
BOOST_DESCRIBE_ENUM(ArtifactSource, gateway, worker)
BOOST_DESCRIBE_STRUCT(Artifact, (), (name, size, sha256, content_type, kind, caption, source, created_at))
BOOST_DESCRIBE_STRUCT(ArtifactAnswer, (), (artifact))
BOOST_DESCRIBE_STRUCT(ArtifactList, (), (artifacts))
BOOST_DESCRIBE_STRUCT(AuditRow, (), (seq, ts, actor, action, subject, details, previous, hash))
BOOST_DESCRIBE_STRUCT(AuditPage, (), (rows))
BOOST_DESCRIBE_STRUCT(WorkerPresence, (), (worker_id, present, running, last_seen_at))
BOOST_DESCRIBE_STRUCT(WorkerPresenceList, (), (workers))

}  // namespace butler::api
