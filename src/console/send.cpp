#include "console/send.hpp"

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <ostream>

#include "api/describe.hpp"
#include "console/job_search.hpp"
#include "console/job_watch.hpp"
#include "console/new_job.hpp"
#include "domain/describe.hpp"
#include "domain/job_id.hpp"
#include "domain/job_status.hpp"
#include "domain/job_words.hpp"
#include "json/codec.hpp"
#include "terminal/display_width.hpp"

namespace butler::console {

namespace asio = boost::asio;

namespace {

void show_id(const domain::Job& job, Streams streams) {
  if (streams.json) return streams.write(json::encode(job));
  streams.out << job.id << '\n';
  streams.out.flush();
}

/// A paused Butler starts nothing: whoever waits should know why.
asio::awaitable<void> say_if_paused(Connection& connection, Streams streams) {
  const auto state = co_await connection.orchestrator().admin_state();
  if (!state || !state->paused) co_return;
  const std::string reason = terminal::printable_line(state->pause_reason.value_or("no reason given"));
  streams.say("Butler is paused (" + reason + "): it begins after `butler panic off`");
}

asio::awaitable<int> create_and_watch(Connection& connection, api::CreateJobRequest request, bool waits,
                                      Streams streams) {
  // From here on Ctrl-C is about the job: one that nobody waits for must not begin unseen.
  asio::signal_set signals(connection.executor(), SIGINT, SIGTERM);
  const auto job = co_await create_job(connection, std::move(request), new_request_key());
  if (!waits) {
    show_id(job, streams);
    co_return 0;
  }
  co_await say_if_paused(connection, streams);
  if (job.status == domain::JobStatus::needs_approval) {
    streams.say("It waits for approval: butler job approve " + domain::short_job_id(job.id));
  }
  const auto ended = co_await watch_job(connection, job.id, streams, signals);
  report_end(ended, job.id, streams);
  co_return exit_status_of(ended);
}

asio::awaitable<int> send_in_session(Connection& connection, SendOptions options, Streams streams) {
  std::string session = options.session.key;
  if (session.empty() && options.session.continues) session = co_await latest_session(connection);
  if (session.empty()) session = fresh_session_key(connection.access().person);
  auto request = terminal_task(options.prompt, session, connection.access().person);
  co_return co_await create_and_watch(connection, std::move(request), options.waits, streams);
}

asio::awaitable<int> retry(Connection& connection, std::string typed, bool waits, Streams streams) {
  const auto job = co_await find_job(connection, std::move(typed), "butler job retry");
  const std::string id = domain::short_job_id(job.id);
  if (!domain::is_terminal(job.status)) {
    throw Failure(id + " is not over yet (" + std::string{domain::status_words(job.status)} +
                  "): butler job abort " + id + " stops it");
  }
  co_return co_await create_and_watch(connection, same_again(job), waits, streams);
}

}  // namespace

int send_task(const Access& access, const SendOptions& options, Streams streams) {
  if (const auto fault = find_prompt_fault(options.prompt)) throw Failure(*fault);
  Connection connection(access);
  return connection.run(send_in_session(connection, options, streams));
}

int retry_job(const Access& access, const std::string& typed, bool waits, Streams streams) {
  Connection connection(access);
  return connection.run(retry(connection, typed, waits, streams));
}

}  // namespace butler::console
