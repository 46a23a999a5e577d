#pragma once

#include <set>
#include <string>
#include <vector>

#include "gateway/job_search.hpp"

namespace butler::gateway {

/// The commands that say what there is: /status, /jobs, /context.
class JobReports {
 public:
  JobReports(GatewayStore& store, api::OrchestratorClient& orchestrator, JobSearch& search)
      : store_(store), orchestrator_(orchestrator), search_(search) {}

  /// What is open in the chat, or everything about the job that was typed.
  ControlAnswer status(std::string typed, const ControlRequest& request);
  /// The chat's latest jobs, or those before the one that was typed.
  ControlAnswer jobs(std::string before, const ControlRequest& request);
  /// The session, what was done in it, and what is remembered.
  ControlAnswer context(const ControlRequest& request);

 private:
  ControlAnswer status_of_chat(const ControlRequest& request);
  /// The chat's jobs of which a tool call waits for a decision.
  std::set<std::string> deciding(const ControlRequest& request);
  ControlAnswer status_of_job(std::string typed, const ControlRequest& request);
  /// The files of a job in one line; "" when it has none, or nobody could tell.
  boost::asio::awaitable<std::string> files_of(std::string job_id, const ControlRequest& request);
  /// The latest events of a job, oldest first.
  api::Call<std::vector<api::Event>> latest_events(std::string job_id,
                                                   std::chrono::steady_clock::time_point give_up);
  api::Call<api::EventPage> events(std::string job_id, std::int64_t cursor,
                                   std::chrono::steady_clock::time_point give_up);

  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
  JobSearch& search_;
};

}  // namespace butler::gateway
