#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "worker/agent.hpp"

namespace butler::worker {

/// An agent without a model, for demos, tests and figures: answers with the prompt, the session and the time,
/// in four steps. `run` jobs are shown, not executed.
class MockAgent final : public Agent {
 public:
  /// With a step of 0 the whole answer comes at once, without events.
  MockAgent(boost::asio::any_io_executor executor, std::chrono::milliseconds step)
      : step_(step), woken_(executor) {}

  boost::asio::awaitable<Outcome> run(domain::Job job, AgentListener& listener) override;
  void abort(std::chrono::milliseconds patience) override;
  void message(api::MessageMode mode, std::string text) override;

 private:
  std::chrono::milliseconds step_;
  async::Event woken_;
  bool aborted_ = false;
  std::vector<std::string> messages_;
};

}  // namespace butler::worker
