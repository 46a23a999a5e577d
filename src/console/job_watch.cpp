#include "console/job_watch.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <ostream>

#include "api/describe.hpp"
#include "async/as_result.hpp"
#include "console/answer_stream.hpp"
#include "console/job_text.hpp"
#include "console/kept_fault.hpp"
#include "domain/backoff.hpp"
#include "domain/describe.hpp"
#include "domain/job_id.hpp"
#include "json/codec.hpp"
#include "process/role.hpp"

namespace butler::console {

namespace asio = boost::asio;

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds longest_event_wait{50};
constexpr std::chrono::seconds away_patience{120};
constexpr std::chrono::seconds abort_patience{30};
constexpr domain::Backoff away_backoff{std::chrono::milliseconds{200}, 2.0, std::chrono::seconds{2}};
constexpr int interrupted = 130;  // 128 + SIGINT, as shells have it

bool ends_job(domain::EventType type) {
  using domain::EventType;
  return type == EventType::job_finished || type == EventType::job_failed || type == EventType::job_aborted;
}

std::string lost_contact(const std::string& why, const std::string& job_id) {
  return why + "\nThe job may go on without us: butler job show " + domain::short_job_id(job_id);
}

/// Returns at the second signal.
asio::awaitable<void> abort_at_first_signal(Connection& connection, asio::signal_set& signals,
                                            std::string job_id, Streams streams) {
  const std::string id = domain::short_job_id(job_id);
  co_await signals.async_wait(asio::use_awaitable);
  streams.say("Stopping " + id + "… (once more leaves it alone)");
  const auto asked = co_await abort_job(connection, job_id);
  if (!asked) streams.say("That did not work: " + connection.explain(asked.error()));
  co_await signals.async_wait(asio::use_awaitable);
}

}  // namespace

asio::awaitable<domain::Job> follow_job(Connection& connection, std::string job_id, OnEvent on_event) {
  std::int64_t cursor = 0;
  int failures = 0;
  auto last_answer = steady_clock::now();
  for (bool ended = false; !ended;) {
    const auto page = co_await connection.orchestrator().events(job_id, cursor, longest_event_wait);
    if (!page) {
      const bool may_come_back = page.error().kind == api::CallError::Kind::unreachable;
      if (!may_come_back || steady_clock::now() - last_answer > away_patience) {
        throw Failure(lost_contact(connection.explain(page.error()), job_id));
      }
      const auto pause = domain::retry_delay(away_backoff, ++failures, process::random_fraction());
      co_await async::sleep_for(pause);
      continue;
    }
    failures = 0;
    last_answer = steady_clock::now();
    cursor = page->next_cursor;
    for (const auto& event : page->events) {
      on_event(event);
      ended = ended || ends_job(event.type);
    }
  }
  const auto get = [&] { return connection.orchestrator().get_job(job_id); };
  auto job = co_await call_patiently<domain::Job>(get, away_patience);
  co_return connection.require(std::move(job));
}

asio::awaitable<std::optional<domain::Job>> watch_job(Connection& connection, std::string job_id,
                                                      Streams streams, asio::signal_set& signals) {
  const bool live = streams.screen.is_terminal && !streams.json;
  AnswerStream answer(live ? AnswerStream::Mode::live : AnswerStream::Mode::at_the_end);
  const OnEvent show = [&](const api::Event& event) {
    const auto piece = answer.take(event);
    streams.out << piece.out;
    streams.out.flush();
    if (!piece.status.empty()) streams.say(domain::short_job_id(job_id) + "  " + piece.status);
  };
  using asio::experimental::awaitable_operators::operator||;
  auto first = co_await (keep_fault(follow_job(connection, job_id, show)) ||
                         keep_fault(abort_at_first_signal(connection, signals, job_id, streams)));
  if (first.index() != 0) {
    value_or_throw(std::get<1>(std::move(first)));
    co_return std::nullopt;
  }
  auto job = value_or_throw(std::get<0>(std::move(first)));
  if (!streams.json) streams.out << answer.finish(job);
  streams.out.flush();
  co_return std::move(job);
}

api::Call<domain::Job> abort_job(Connection& connection, std::string job_id) {
  const api::AbortRequest request{.reason = "stopped in the terminal",
                                  .requester_id = connection.access().person};
  const auto call = [&] { return connection.orchestrator().abort(job_id, request); };
  co_return co_await call_patiently<domain::Job>(call, abort_patience);
}

int exit_status_of(const std::optional<domain::Job>& job) {
  if (!job) return interrupted;
  return job->status == domain::JobStatus::completed ? 0 : 1;
}

void report_end(const std::optional<domain::Job>& job, std::string_view job_id, Streams streams) {
  const std::string id = domain::short_job_id(job_id);
  if (!job) {
    streams.say("Left alone: butler job show " + id + " tells how it ends");
  } else if (streams.json) {
    streams.write(json::encode(*job));
  } else if (job->status == domain::JobStatus::failed) {
    streams.say("Ask once more with: butler job retry " + id);
  }
}

}  // namespace butler::console
