#include "worker/mock_agent.hpp"

#include <array>
#include <utility>

#include "domain/timestamp.hpp"
#include "worker/events.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

std::array<std::string, 4> answer_to(const domain::Job& job) {
  const std::string time = domain::to_iso8601(domain::wall_clock_now());
  if (job.kind == domain::JobKind::run) {
    return {"$ " + job.prompt + "\n", "(mock: not executed)\n", "Session: " + job.session_key + "\n",
            "Time: " + time};
  }
  return {"You said: " + job.prompt + "\n", "Session: " + job.session_key + "\n", "Time: " + time + "\n",
          "(mock: no model is configured)"};
}

}  // namespace

asio::awaitable<Outcome> MockAgent::run(domain::Job job, AgentListener& listener) {
  Outcome outcome;
  for (const std::string& part : answer_to(job)) {
    const auto next_step = std::chrono::steady_clock::now() + step_;
    while (!aborted_ && std::chrono::steady_clock::now() < next_step) co_await woken_.wait_until(next_step);
    if (aborted_) {
      outcome.kind = Outcome::Kind::aborted;
      co_return outcome;
    }
    outcome.text += part;
    if (step_.count() > 0) listener.report(text_event(part));
  }
  for (const std::string& text : messages_) outcome.text += "\nAlso: " + text;
  co_return outcome;
}

void MockAgent::abort(std::chrono::milliseconds /*patience*/) {
  aborted_ = true;
  woken_.notify_all();
}

void MockAgent::message(api::MessageMode /*mode*/, std::string text) { messages_.push_back(std::move(text)); }

}  // namespace butler::worker
