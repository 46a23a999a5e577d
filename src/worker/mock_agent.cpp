#include "worker/mock_agent.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

#include "domain/limits.hpp"
#include "domain/timestamp.hpp"
#include "files/whole_file.hpp"
#include "worker/events.hpp"
#include "worker/file_type.hpp"
#include "worker/spool.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

constexpr std::string_view send_order = "mock:send ";

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

asio::awaitable<std::string> MockAgent::exchange_files(const domain::Job& job, JobFiles& files) const {
  std::string lines;
  for (const auto& name : job.attachments.value_or(std::vector<std::string>{})) {
    const SpooledFile spooled(spool_);
    const auto got = co_await files.fetch(name, spooled.path(), domain::limits::artifact_bytes);
    lines += "\nFile: " + name + ", " +
             (got ? got->media_type + ", " + size_in_words(got->size) : "missing: " + got.error());
  }
  std::istringstream prompt{job.prompt};
  for (std::string line; std::getline(prompt, line);) {
    if (!line.starts_with(send_order)) continue;
    line.erase(0, send_order.size());
    const auto space = std::min(line.find(' '), line.size());
    const auto text = line.substr(std::min(space + 1, line.size()));
    const SpooledFile spooled(spool_);
    files::write_whole_file(spooled.path(), text);
    const auto sent = co_await files.send({.name = safe_file_name(line.substr(0, space)),
                                           .media_type = media_type_of(text, line.substr(0, space)),
                                           .content = spooled.path()});
    lines += "\nSent: " + (sent ? *sent : "nothing: " + sent.error());
  }
  co_return lines;
}

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
  outcome.text += co_await exchange_files(job, listener.files());
  for (const std::string& text : messages_) outcome.text += "\nAlso: " + text;
  co_return outcome;
}

void MockAgent::abort(std::chrono::milliseconds /*patience*/) {
  aborted_ = true;
  woken_.notify_all();
}

void MockAgent::message(api::MessageMode /*mode*/, std::string text) { messages_.push_back(std::move(text)); }

}  // namespace butler::worker
