#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "api/orchestrator_client.hpp"
#include "async/event.hpp"
#include "async/task_group.hpp"
#include "worker/event_queue.hpp"
#include "worker/stop.hpp"

namespace butler::worker {

/// Reports the events of one lease, in order and once each: the first at once, what comes while a report is
/// under way with the next one. A report is repeated under its batch number until the orchestrator answers.
/// One thread.
class EventReporter {
 public:
  /// `on_refused` hears once that the orchestrator takes no more events of this lease.
  EventReporter(boost::asio::any_io_executor executor, api::OrchestratorClient& orchestrator, Stop& stop,
                std::string job_id, std::string lease_token,
                std::function<void(const api::CallError&)> on_refused);

  void add(api::ReportedEvent event);

  /// Waits until all that was added before is accepted. False when it never will be.
  boost::asio::awaitable<bool> recorded();

  /// Waits for the report under way. To be called before the end of the object.
  boost::asio::awaitable<void> close();

 private:
  boost::asio::awaitable<void> send();
  void refuse(const api::CallError& error);

  api::OrchestratorClient& orchestrator_;
  Stop& stop_;
  std::string job_id_;
  std::string lease_token_;
  std::function<void(const api::CallError&)> on_refused_;
  EventQueue queue_;
  std::int64_t batches_ = 0;
  std::uint64_t accepted_ = 0;  ///< ticket of the last accepted event
  bool sending_ = false;
  bool refused_ = false;
  async::Event changed_;
  async::TaskGroup tasks_;
};

}  // namespace butler::worker
