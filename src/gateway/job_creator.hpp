#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <set>

#include "api/orchestrator_client.hpp"
#include "domain/backoff.hpp"
#include "gateway/approval_requests.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/languages.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/people.hpp"

namespace butler::gateway {

/// Turns stored turns into jobs: each with the stored body and key until the orchestrator has answered,
/// across restarts of both.
class JobCreator {
 public:
  /// `on_job` hears of each job, once it is on disk that it is the turn's.
  JobCreator(GatewayStore& store, api::OrchestratorClient& orchestrator, OutboxSender& outbox,
             const People& people, const Languages& languages, ApprovalRequests& approvals,
             std::function<void(const Turn&, const domain::Job&)> on_job,
             domain::Backoff backoff = {std::chrono::milliseconds{100}, 2.0, std::chrono::seconds{2}})
      : store_(store),
        orchestrator_(orchestrator),
        outbox_(outbox),
        people_(people),
        languages_(languages),
        approvals_(approvals),
        on_job_(std::move(on_job)),
        backoff_(backoff),
        last_of_earlier_lives_(store.last_turn_id()) {}

  /// Creates the job of the lane's oldest stored turn; false when there is none. A Lanes::Step.
  boost::asio::awaitable<bool> step(Lane lane);

  /// True when no call can have created the turn's job: none was made for it, neither by this process nor by
  /// an earlier one.
  bool is_unsent(const Turn& turn) const;

 private:
  /// The person is nobody any more: nothing of theirs is begun, and what was begun meanwhile is stopped.
  void drop(const Turn& turn);
  boost::asio::awaitable<void> stop(std::string job_id);
  void note(const Turn& turn, const domain::Job& job);
  void refuse(const Turn& turn, const api::CallError& error);

  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
  OutboxSender& outbox_;
  const People& people_;
  const Languages& languages_;
  ApprovalRequests& approvals_;
  std::function<void(const Turn&, const domain::Job&)> on_job_;
  domain::Backoff backoff_;
  std::int64_t last_of_earlier_lives_;  ///< nobody knows what was sent of the turns up to this one
  std::set<std::int64_t> begun_ = {};   ///< turns that were sent, and whose job is not known
};

}  // namespace butler::gateway
