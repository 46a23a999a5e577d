#include "worker/event_reporter.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string_view>
#include <utility>

#include "worker/persistence.hpp"

namespace butler::worker {

namespace asio = boost::asio;

EventReporter::EventReporter(asio::any_io_executor executor, api::OrchestratorClient& orchestrator,
                             Stop& stop, std::string job_id, std::string lease_token,
                             std::function<void(const api::CallError&)> on_refused)
    : orchestrator_(orchestrator),
      stop_(stop),
      job_id_(std::move(job_id)),
      lease_token_(std::move(lease_token)),
      on_refused_(std::move(on_refused)),
      changed_(executor),
      tasks_(executor,
             [this](std::string_view, std::string_view fault) { refuse(unreachable(std::string{fault})); }) {}

void EventReporter::add(api::ReportedEvent event) {
  if (refused_) return;
  queue_.push(std::move(event));
  if (sending_) return;
  sending_ = true;
  tasks_.spawn("events", send());
}

asio::awaitable<void> EventReporter::send() {
  // What the same turn of the loop adds goes along.
  const auto executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
  while (!queue_.empty()) {
    auto batch = queue_.take();
    const api::ReportEventsRequest request{
        .event = {}, .events = std::move(batch.events), .batch = ++batches_};
    auto report = [&] { return orchestrator_.report_events(job_id_, lease_token_, request); };
    const auto result = co_await persist<void>("events", report, stop_, GiveUp::when_grace_is_over);
    if (!result) co_return refuse(result.error());
    accepted_ = batch.last_ticket;
    changed_.notify_all();
  }
  sending_ = false;
}

void EventReporter::refuse(const api::CallError& error) {
  refused_ = true;
  changed_.notify_all();
  on_refused_(error);
}

asio::awaitable<bool> EventReporter::recorded() {
  const auto ticket = queue_.last_ticket();
  while (accepted_ < ticket && !refused_) co_await changed_.wait();
  co_return accepted_ >= ticket;
}

asio::awaitable<void> EventReporter::close() { co_await tasks_.join(); }

}  // namespace butler::worker
