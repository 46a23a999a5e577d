#include "console/jobs.hpp"

#include <limits>
#include <ostream>
#include <set>

#include "api/describe.hpp"
#include "api/job_activity.hpp"
#include "console/job_search.hpp"
#include "console/job_text.hpp"
#include "console/job_watch.hpp"
#include "domain/describe.hpp"
#include "domain/job_id.hpp"
#include "domain/job_status.hpp"
#include "domain/job_words.hpp"
#include "json/codec.hpp"

namespace butler::console {

namespace asio = boost::asio;

namespace {

using domain::JobStatus;

asio::awaitable<int> show_list(Connection& connection, ListOptions options, Streams streams) {
  api::JobQuery query;
  query.status = options.status;
  const auto most = options.all ? std::numeric_limits<std::size_t>::max() : options.limit;
  const auto jobs = co_await jobs_matching(connection, query, most);
  if (streams.json) {
    for (const auto& job : jobs) streams.write(json::encode(job));
    co_return 0;
  }
  std::set<std::string> deciding;
  for (const auto& call : co_await waiting_calls(connection)) deciding.insert(call.job.id);
  if (jobs.empty()) streams.say("There are no such jobs. `butler send` asks for something.");
  const auto now = domain::wall_clock_now();
  streams.out << job_table(jobs, deciding, now, streams.palette, streams.columns());
  if (!options.all && jobs.size() == options.limit) {
    streams.say("The latest " + std::to_string(jobs.size()) + "; --limit or --all shows more.");
  }
  co_return 0;
}

/// What a running job does now, from its latest events.
asio::awaitable<std::string> activity_of(Connection& connection, domain::Job job) {
  if (!domain::is_leased(job.status)) co_return "";
  std::vector<api::Event> latest;
  std::int64_t cursor = 0;
  for (;;) {
    auto page = co_await connection.orchestrator().events(job.id, cursor, std::chrono::seconds{0});
    if (!page || page->events.empty()) co_return api::activity(latest);
    cursor = page->next_cursor;
    latest = std::move(page->events);
  }
}

asio::awaitable<int> show_one(Connection& connection, std::string typed, Streams streams) {
  const auto job = co_await find_job(connection, std::move(typed), "butler job show");
  const auto calls = co_await waiting_calls_of(connection, job);
  if (streams.json) {
    auto shown = json::encode(job);
    json::Array waiting;
    for (const auto& call : calls) waiting.push_back(json::encode(call.approval));
    shown.as_object().emplace("waitingCalls", std::move(waiting));
    streams.write(shown);
    co_return 0;
  }
  const auto activity = co_await activity_of(connection, job);
  streams.out << job_in_full(job, calls, activity, domain::wall_clock_now());
  co_return 0;
}

class LogWriter {
 public:
  explicit LogWriter(Streams streams) : streams_(streams) {}

  void take(const api::Event& event) {
    if (streams_.json) return streams_.write(json::encode(event));
    print(lines_.take(event));
  }
  void finish() { print(lines_.finish()); }

 private:
  void print(const std::vector<std::string>& lines) {
    for (const auto& line : lines) streams_.out << line << '\n';
    streams_.out.flush();
  }

  Streams streams_;
  EventLines lines_;
};

asio::awaitable<int> show_events(Connection& connection, std::string typed, bool follows, Streams streams) {
  const auto job = co_await find_job(connection, std::move(typed), "butler job logs");
  LogWriter writer(streams);
  const auto take = [&](const api::Event& event) { writer.take(event); };
  if (follows || domain::is_terminal(job.status)) {
    co_await follow_job(connection, job.id, take);
    writer.finish();
    co_return 0;
  }
  std::int64_t cursor = 0;
  for (;;) {
    auto answer = co_await connection.orchestrator().events(job.id, cursor, std::chrono::seconds{0});
    const auto page = connection.require(std::move(answer));
    if (page.events.empty()) break;
    for (const auto& event : page.events) writer.take(event);
    cursor = page.next_cursor;
  }
  writer.finish();
  co_return 0;
}

asio::awaitable<int> stop_one(Connection& connection, std::string typed, Streams streams) {
  const auto job = co_await find_job(connection, std::move(typed), "butler job abort");
  const std::string id = domain::short_job_id(job.id);
  if (job.status == JobStatus::completed || job.status == JobStatus::failed) {
    throw Failure(id + " is over already (" + std::string{domain::status_words(job.status)} +
                  "): butler job show " + id + " has its answer");
  }
  auto answer = co_await abort_job(connection, job.id);
  const auto stopped = connection.require(std::move(answer));
  if (streams.json) {
    streams.write(json::encode(stopped));
  } else if (stopped.status == JobStatus::aborting) {
    streams.out << "Stopping " << id << ".\n";
  } else {
    streams.out << id << ": " << domain::status_words(stopped.status) << ".\n";
  }
  co_return 0;
}

}  // namespace

int list_jobs(const Access& access, const ListOptions& options, Streams streams) {
  Connection connection(access);
  return connection.run(show_list(connection, options, streams));
}

int show_job(const Access& access, const std::string& typed, Streams streams) {
  Connection connection(access);
  return connection.run(show_one(connection, typed, streams));
}

int show_job_logs(const Access& access, const std::string& typed, bool follows, Streams streams) {
  Connection connection(access);
  return connection.run(show_events(connection, typed, follows, streams));
}

int abort_job_by_id(const Access& access, const std::string& typed, Streams streams) {
  Connection connection(access);
  return connection.run(stop_one(connection, typed, streams));
}

}  // namespace butler::console
