#pragma once

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/orchestrator_client.hpp"
#include "gateway/control_request.hpp"
#include "gateway/gateway_store.hpp"

namespace butler::gateway {

// Scopes follow domain::may_see(). Pure.

/// The jobs of the chat, and of them a person's own only.
JobScope jobs_of_chat(const ControlRequest& request);

/// The jobs that may be named by their id: an owner's are those of the chat, and in private all; a person's
/// their own in this chat.
JobScope jobs_to_name(const ControlRequest& request);

/// The jobs that a command without an id looks at: those of the chat; and for an owner in private who decides
/// also the commands of other chats, because people's are shown there.
JobScope jobs_to_mean(const ControlRequest& request, domain::Action action);

/// The jobs whose tool calls a decision without an id can be about; which of them were shown in the chat is
/// another question.
JobScope approvals_to_mean(const ControlRequest& request);

/// The query for a list of jobs, narrowed to the scope.
api::JobQuery query_of(const JobScope& scope, api::JobQuery query);

/// Finds the job that a control command means.
class JobSearch {
 public:
  JobSearch(GatewayStore& store, api::OrchestratorClient& orchestrator)
      : store_(store), orchestrator_(orchestrator) {}

  /// The job, or the sentence that says why there is none.
  using Found = std::expected<domain::Job, std::string>;

  /// What a command wants to find.
  struct Wish {
    std::string_view command;                             ///< "/approve", for the list of candidates
    std::string typed;                                    ///< the id as typed, "" when there is none
    domain::Action action = domain::Action::ask;          ///< what it does to the job
    bool (*wanted)(domain::JobStatus) = nullptr;          ///< which jobs a command without an id can mean
    std::string (*nothing)(wording::Language) = nullptr;  ///< the sentence when there is none of them
  };

  /// Those that a command without an id can mean, newest first.
  boost::asio::awaitable<std::expected<std::vector<domain::Job>, std::string>> candidates(
      Wish wish, const ControlRequest& request);

  /// With an id the job that it names, whatever its status; without one the only job that is wanted. If that
  /// can be several, they are put into `several`, for buttons.
  boost::asio::awaitable<Found> find(Wish wish, const ControlRequest& request,
                                     std::vector<domain::Job>* several = nullptr);

  /// Jobs of the scope that have no answer yet, newest first, at most as many as a message shows.
  boost::asio::awaitable<std::expected<std::vector<domain::Job>, api::CallError>> open_jobs(
      JobScope scope, std::chrono::steady_clock::time_point give_up);

  /// Ids of the jobs of the scope that have no answer yet, newest first.
  std::vector<std::string> unanswered(const JobScope& scope);

  api::Call<api::JobList> list(api::JobQuery query, std::chrono::steady_clock::time_point give_up);
  api::Call<domain::Job> job(std::string job_id, std::chrono::steady_clock::time_point give_up);

 private:
  boost::asio::awaitable<Found> find_typed(Wish wish, const ControlRequest& request);

  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
};

/// True for a job whose answer goes to another chat than the one where the command was typed.
bool is_elsewhere(const domain::Job& job, const ControlRequest& request);

/// A line about each job, at most as many as a message shows. Those in `deciding` wait for a decision about a
/// tool call.
std::vector<std::string> job_lines(wording::Language language, const std::vector<domain::Job>& jobs,
                                   const std::set<std::string>& deciding = {});

/// Likewise about tool calls that wait for a decision.
std::vector<std::string> approval_lines(wording::Language language,
                                        const std::vector<AskedApproval>& approvals);

}  // namespace butler::gateway
