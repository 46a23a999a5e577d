#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "api/artifact.hpp"
#include "api/orchestrator_addresses.hpp"
#include "api/types.hpp"
#include "api/worker_presence.hpp"

namespace butler::api {

/// Why a call gave no answer that the caller wanted.
struct CallError {
  enum class Kind : std::uint8_t {
    unreachable,  ///< no answer, an unreadable one, 429 or 5xx: the same call may be repeated
    refused,      ///< the orchestrator said no: `status` and `code` say why, a repeat gets the same answer
  };
  Kind kind = Kind::unreachable;
  int status = 0;                         ///< HTTP status when refused
  std::string code = {};                  ///< "lease_lost", "invalid_transition"… when refused
  std::string message = {};               ///< a sentence for logs
  std::optional<Approval> approval = {};  ///< with "already_decided" and "approval_expired": as it is
};

template <class T>
using Call = boost::asio::awaitable<std::expected<T, CallError>>;

/// The orchestrator's HTTP API from the side of the gateway, the worker and the command line. Each call is
/// one request, without retries: the caller knows what a repeat means. One thread.
class OrchestratorClient {
 public:
  /// @param bases  of orchestrators that share a database; at least one
  /// @param authorities  who may have signed an https:// orchestrator's certificate, PEM (ORCH_TLS_CA); ""
  /// for
  ///                     those that the system trusts. Throws std::runtime_error when they are none.
  OrchestratorClient(const boost::asio::any_io_executor& executor, std::vector<http::Url> bases,
                     std::string token, std::string authorities = {});
  OrchestratorClient(const boost::asio::any_io_executor& executor, http::Url base, std::string token,
                     std::string authorities = {});

  // For the gateway token.
  /// `body` is the stored JSON text of a CreateJobRequest: a retry sends exactly what the first try sent.
  Call<domain::Job> create_job(std::string idempotency_key, std::string body);
  Call<domain::Job> get_job(std::string job_id);
  /// As get_job, but waits up to `wait` until the job was updated after `updated_after`.
  Call<domain::Job> await_job(std::string job_id, domain::Timestamp updated_after, std::chrono::seconds wait);
  Call<JobList> list_jobs(JobQuery query);
  Call<EventPage> events(std::string job_id, std::int64_t cursor, std::chrono::seconds wait);
  Call<domain::Job> approve(std::string job_id, ApproveRequest request);
  Call<domain::Job> abort(std::string job_id, AbortRequest request);
  /// Hands a message to the agent of a running job; a repeated key changes nothing. Refused with 409
  /// `not_running` when the job does not run.
  Call<void> send_message(std::string job_id, std::string idempotency_key, MessageRequest request);
  Call<std::vector<Approval>> approvals(std::string job_id);
  /// Refused with 409 `already_decided` or `approval_expired` when it comes too late: CallError::approval
  /// tells what was decided. The same decision again is no error.
  Call<Approval> decide_approval(std::string job_id, std::string approval_id, DecideApprovalRequest request);
  Call<std::vector<StandingDecision>> standing_decisions();
  /// Refused with 404 `decision_not_found` when it is gone.
  Call<void> revoke_decision(std::int64_t id, RevokeDecisionRequest request);
  Call<std::vector<Delivery>> deliveries(std::string deliver_to, std::int64_t after,
                                         std::chrono::seconds wait);
  Call<void> acknowledge_delivery(std::string job_id);
  Call<AdminState> admin_state();
  Call<AdminAnswer> pause(PauseRequest request);
  Call<AdminState> resume(ResumeRequest request = {});
  /// Those that were seen lately, by name.
  Call<std::vector<WorkerPresence>> workers();

  // For the worker token.
  /// nullopt when nothing came within request.wait_seconds.
  Call<std::optional<ClaimedJob>> claim(ClaimRequest request);
  Call<void> report_events(std::string job_id, std::string lease_token, ReportEventsRequest request);
  /// Asks whether a tool call may run. The answer's status tells whether that is decided already; if not, the
  /// decision comes with a heartbeat. Refused with 409 `not_running` when the job is to end.
  Call<Approval> request_approval(std::string job_id, std::string lease_token, ApprovalRequest request);
  /// Waits up to `wait` for an abort, a message or a decision; acknowledges messages and decisions up to
  /// `ack`.
  Call<HeartbeatAnswer> heartbeat(std::string job_id, std::string lease_token, std::chrono::seconds wait,
                                  std::int64_t ack);
  /// Ends the job; with request.claim also claims the next one, which comes back (or nullopt).
  Call<std::optional<ClaimedJob>> complete(std::string job_id, std::string lease_token,
                                           CompleteRequest request);
  Call<void> fail(std::string job_id, std::string lease_token, FailRequest request);
  Call<void> acknowledge_abort(std::string job_id, std::string lease_token, AbortedRequest request);

  // For either token: `side` says whose paths. Bytes go from and to files in pieces, never whole into memory.
  /// Stores a file with the job. The same name with the same bytes again is no error, with others it is
  /// refused with 409 `artifact_exists`. Also 400 `hash_mismatch`, 413 `payload_too_large` (the file) or
  /// `artifact_quota` (the job), 507 `storage_full` (the home), 409 `lease_lost`. A file that cannot be read
  /// is refused here: status 0, `file_error`.
  Call<Artifact> put_artifact(ArtifactSide side, std::string job_id, NewArtifact artifact,
                              std::filesystem::path file);
  /// Fetches the bytes into `target`, which appears whole (0600) or not at all. Refused with 404
  /// `artifact_not_found`; with status 0 and `too_large` when they are more than `most` bytes, and
  /// `file_error` when the target cannot be written.
  Call<ReceivedArtifact> get_artifact(ArtifactSide side, std::string job_id, std::string name,
                                      std::filesystem::path target, std::uint64_t most);
  Call<std::vector<Artifact>> list_artifacts(ArtifactSide side, std::string job_id);

 private:
  enum class Method : std::uint8_t { get, post };

  /// The body of a 2xx answer.
  Call<json::Value> call(Method method, std::string target, std::string body, std::chrono::seconds patience,
                         http::Headers extra);
  http::Request artifact_request(std::string_view method, std::string target, const ArtifactSide& side,
                                 http::Headers headers) const;

  OrchestratorAddresses client_;
  std::string token_;
};

}  // namespace butler::api
