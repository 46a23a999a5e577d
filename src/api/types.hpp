#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/approval.hpp"
#include "domain/event.hpp"
#include "domain/job.hpp"
#include "json/value.hpp"

/// Bodies of the HTTP API as docs/http-api.md fixes them. Members that a client may leave out are optional;
/// the mapping to and from JSON is in api/describe.hpp.
namespace butler::api {

struct CreateJobRequest {
  std::optional<domain::JobKind> kind = {};
  std::string prompt = {};
  domain::Channel channel = domain::Channel::api;
  std::string chat_id = {};
  std::string requester_id = {};
  std::optional<std::string> thread_id = {};
  std::string session_key = {};
  std::optional<bool> requires_approval = {};
  std::optional<std::map<std::string, std::string>> metadata = {};
  std::optional<std::string> deliver_to = {};
  std::optional<std::vector<std::string>> labels = {};
  /// Names of artifacts that the job waits for until each has been put.
  std::optional<std::vector<std::string>> attachments = {};
  /// In their place: the job gets the attachments that this other one has, as for a retry.
  std::optional<std::string> attachments_from = {};

  bool operator==(const CreateJobRequest&) const = default;
};

struct JobAnswer {
  domain::Job job = {};
};

/// Which jobs a list holds: all members that are set must match.
struct JobQuery {
  std::optional<domain::JobStatus> status = {};
  std::optional<std::string> chat_id = {};
  std::optional<std::string> requester_id = {};
  std::optional<std::string> session_key = {};
  std::optional<std::string> before = {};  ///< only jobs that are older than this one
  std::size_t limit = 50;                  ///< 1..200
};

/// Jobs without their result texts, newest first; `next_before` continues a list that is not complete.
struct JobList {
  std::vector<domain::Job> jobs = {};
  std::optional<std::string> next_before = {};
};

struct Event {
  domain::EventType type = domain::EventType::log;
  domain::Timestamp ts{};
  std::optional<std::string> message = {};
  std::optional<json::Value> data = {};
  std::optional<std::int64_t> seq = {};  ///< set by the orchestrator
};

/// An event as a worker sends it: without seq, and with a time of its own only if it likes.
struct ReportedEvent {
  domain::EventType type = domain::EventType::log;
  std::optional<domain::Timestamp> ts = {};
  std::optional<std::string> message = {};
  std::optional<json::Value> data = {};
};

struct EventPage {
  std::vector<Event> events = {};
  std::int64_t next_cursor = 0;
  std::int64_t total = 0;
  std::optional<bool> truncated = {};
};

struct ApproveRequest {
  std::optional<std::string> approver_id = {};
};

struct AbortRequest {
  std::optional<std::string> reason = {};
  std::optional<std::string> requester_id = {};
  std::optional<domain::JobStatus> if_status = {};
};

enum class MessageMode : std::uint8_t { steer, follow_up };

struct MessageRequest {
  MessageMode mode = MessageMode::steer;
  std::string text = {};
};

/// A message on its way to a running agent; the heartbeat repeats it until its seq is acknowledged.
struct JobMessage {
  std::int64_t seq = 0;
  MessageMode mode = MessageMode::steer;
  std::string text = {};
};

/// A job that has ended, and its place in the receiver's queue.
struct Delivery {
  domain::Job job = {};
  std::int64_t delivery_seq = 0;
};

struct PauseRequest {
  std::optional<std::string> reason = {};
  std::optional<bool> abort_running = {};
  std::optional<std::string> requester_id = {};  ///< who asked for it, for the audit log
};

struct ResumeRequest {
  std::optional<std::string> requester_id = {};
};

struct AdminState {
  bool paused = false;
  std::optional<std::string> pause_reason = {};
  domain::Timestamp updated_at{};
};

struct AdminAnswer {
  AdminState admin;
  std::optional<std::int64_t> aborted = {};  ///< running jobs that a pause with abort_running told to end
};

struct HealthAnswer {
  bool ok = true;
  domain::Timestamp ts{};
  AdminState admin;
};

struct ClaimRequest {
  std::string worker_id = {};
  std::optional<std::int64_t> wait_seconds = {};
  std::optional<std::string> claim_id = {};
  std::optional<std::string> session_store = {};
  std::optional<std::vector<domain::JobKind>> kinds = {};
  std::optional<std::vector<std::string>> labels = {};
};

/// The question whether a tool call may run, and its answer. Bound to everything that was shown: the payload
/// hash is over the tool, its input, the working directory, the sandbox and the files it would execute.
struct Approval {
  std::string id = {};
  std::string job_id = {};
  std::string tool_call_id = {};  ///< of the latest attempt that asked
  std::string tool_name = {};
  std::string summary = {};
  json::Value input = {};
  std::string risk = {};
  std::string payload_hash = {};
  std::string cwd = {};
  std::string sandbox_profile = {};
  std::vector<domain::ApprovalScope> scopes = {};  ///< which may be chosen
  domain::ApprovalStatus status = domain::ApprovalStatus::pending;
  std::optional<domain::ApprovalScope> scope = {};  ///< of the decision
  std::optional<std::string> reason = {};           ///< a sentence of who decided, or why it expired
  std::optional<std::string> decider_id = {};
  domain::Timestamp created_at{};
  std::optional<domain::Timestamp> expires_at = {};
  std::optional<domain::Timestamp> decided_at = {};
};

struct ApprovalAnswer {
  Approval approval = {};
};

/// Oldest first.
struct ApprovalList {
  std::vector<Approval> approvals = {};
};

/// A worker asks whether a tool call may run.
///
/// A repeat with the same tool call and payload hash gets the same approval. The same tool call with another
/// hash asks anew: what was asked for before has changed and expires. After a lost attempt the call of the
/// next one, under its own id, with the same hash takes the approval over, decided or not, once. A standing
/// decision answers at once: look at `status`.
struct ApprovalRequest {
  std::string tool_call_id = {};
  std::string tool_name = {};
  std::string summary = {};
  json::Value input = {};
  std::string risk = {};
  std::string payload_hash = {};  ///< lower-case hex SHA-256
  std::string cwd = {};
  std::string sandbox_profile = {};
  std::optional<domain::Timestamp> expires_at = {};
  std::optional<std::vector<domain::ApprovalScope>> scopes = {};  ///< default: all three
};

/// Somebody decides. Who may, is the gateway's to check.
struct DecideApprovalRequest {
  domain::ApprovalVerdict decision = domain::ApprovalVerdict::deny;
  domain::ApprovalScope scope = domain::ApprovalScope::once;
  std::string decider_id = {};
  std::optional<std::string> reason = {};
};

/// A decision on its way to the worker; the heartbeat repeats it until its seq is acknowledged, in the same
/// sequence as messages. What expired is a deny with a reason.
struct ApprovalDecision {
  std::int64_t seq = 0;
  std::string approval_id = {};
  std::string tool_call_id = {};
  std::string payload_hash = {};
  domain::ApprovalVerdict decision = domain::ApprovalVerdict::deny;
  domain::ApprovalScope scope = domain::ApprovalScope::once;
  std::optional<std::string> reason = {};
};

/// A decision for more than one call. It answers every later request with the same payload hash of the same
/// requester, in one session or, without a session key, in all.
struct StandingDecision {
  std::int64_t id = 0;
  domain::ApprovalVerdict decision = domain::ApprovalVerdict::deny;
  std::string payload_hash = {};
  std::string requester_id = {};
  std::optional<std::string> session_key = {};
  std::string tool_name = {};
  std::string summary = {};
  std::string decider_id = {};
  domain::Timestamp created_at{};
  std::int64_t used = 0;  ///< how often it has answered
};

struct StandingDecisionList {
  std::vector<StandingDecision> decisions = {};
};

struct RevokeDecisionRequest {
  std::optional<std::string> revoker_id = {};
};

/// What a worker holds after a claim.
struct ClaimedJob {
  domain::Job job = {};
  std::string lease_token = {};
  domain::Timestamp lease_expires_at{};
  /// Of tool calls that an earlier attempt did not start: request_approval() with the same payload hash takes
  /// each over once.
  std::vector<Approval> approvals = {};
};

struct ReportEventsRequest {
  std::optional<ReportedEvent> event = {};
  std::optional<std::vector<ReportedEvent>> events = {};
  std::optional<std::int64_t> batch = {};
};

struct HeartbeatAnswer {
  bool abort_requested = false;
  domain::Timestamp lease_expires_at{};
  std::vector<JobMessage> messages = {};
  std::vector<ApprovalDecision> decisions = {};
};

struct CompleteRequest {
  std::string result_text = {};
  std::optional<domain::Usage> usage = {};
  std::optional<ClaimRequest> claim = {};
};

struct FailRequest {
  std::string error = {};
  std::optional<bool> retryable = {};
};

struct AbortedRequest {
  std::optional<std::string> reason = {};
};

}  // namespace butler::api
