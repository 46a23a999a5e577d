#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <string>

#include "api/orchestrator_client.hpp"
#include "async/event.hpp"
#include "worker/agent.hpp"
#include "worker/stop.hpp"

namespace butler::worker {

/// The approvals of one lease: asks the orchestrator and waits for the decisions that its heartbeats bring.
/// One thread.
class ApprovalWait {
 public:
  /// `on_refused` hears of a call that the orchestrator refuses.
  ApprovalWait(boost::asio::any_io_executor executor, api::OrchestratorClient& orchestrator, Stop& stop,
               std::string job_id, std::string lease_token,
               std::function<void(const api::CallError&)> on_refused);

  /// As AgentListener::ask(). An orchestrator that is away is asked again until the worker stops.
  boost::asio::awaitable<Permission> ask(api::ApprovalRequest request);

  /// Takes a decision; one that comes twice, or before its question is answered, does no harm.
  void decided(api::ApprovalDecision decision);

  /// Nothing will be decided any more: who waits is told no, and so is who asks from now on.
  void close();

  /// After close(): returns when nobody asks any more. To be called before the end of the object.
  boost::asio::awaitable<void> join();

  const PersonWait& person_wait() const { return person_wait_; }

 private:
  boost::asio::awaitable<Permission> find_out(api::ApprovalRequest request);
  boost::asio::awaitable<Permission> wait_for(std::string approval_id);

  api::OrchestratorClient& orchestrator_;
  Stop& stop_;
  std::string job_id_;
  std::string lease_token_;
  std::function<void(const api::CallError&)> on_refused_;
  std::map<std::string, api::ApprovalDecision> decisions_;  ///< by approval
  int asking_ = 0;
  bool closed_ = false;
  PersonWait person_wait_;
  async::Event changed_;
};

}  // namespace butler::worker
