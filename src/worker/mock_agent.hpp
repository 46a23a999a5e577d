#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "worker/agent.hpp"

namespace butler::worker {

/// An agent without a model, for demos, tests and figures: answers with the prompt, the session and the time,
/// in four steps. `run` jobs are shown, not executed. Files that came with the request are listed in the
/// answer, and each line "mock:send <name> <text>" of the prompt makes it send such a file.
class MockAgent final : public Agent {
 public:
  /// With a step of 0 the whole answer comes at once, without events. `spool` is a folder of the worker's
  /// own, for files on their way.
  MockAgent(boost::asio::any_io_executor executor, std::chrono::milliseconds step,
            std::filesystem::path spool = {})
      : step_(step), spool_(std::move(spool)), woken_(executor) {}

  boost::asio::awaitable<Outcome> run(domain::Job job, AgentListener& listener) override;
  void abort(std::chrono::milliseconds patience) override;
  void message(api::MessageMode mode, std::string text) override;

 private:
  boost::asio::awaitable<std::string> exchange_files(const domain::Job& job, JobFiles& files) const;

  std::chrono::milliseconds step_;
  std::filesystem::path spool_;
  async::Event woken_;
  bool aborted_ = false;
  std::vector<std::string> messages_;
};

}  // namespace butler::worker
