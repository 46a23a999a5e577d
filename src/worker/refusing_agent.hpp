#pragma once

#include <string>
#include <utility>

#include "worker/agent.hpp"

namespace butler::worker {

/// Fails the job, with a sentence for the person who asked: for a job that no agent may be given.
class RefusingAgent final : public Agent {
 public:
  explicit RefusingAgent(std::string why) : why_(std::move(why)) {}

  boost::asio::awaitable<Outcome> run(domain::Job, AgentListener&) override {
    co_return Outcome{.kind = Outcome::Kind::failed, .text = why_};
  }
  void abort(std::chrono::milliseconds) override {}
  void message(api::MessageMode, std::string) override {}

 private:
  std::string why_;
};

}  // namespace butler::worker
