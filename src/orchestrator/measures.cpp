#include "orchestrator/measures.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "metrics/process_metrics.hpp"

namespace butler::orchestrator {

namespace {

using Seconds = std::chrono::duration<double>;

const std::vector<double> commit_seconds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                         0.01,   0.025,   0.05,   0.1,   0.25,   1};
const std::vector<double> batch_requests{1, 2, 4, 8, 16, 32, 64, 128, 256};
const std::vector<double> job_seconds{0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600};

double seconds_between(domain::Timestamp from, domain::Timestamp to) {
  return std::max(0.0, Seconds(to - from).count());  // the wall clock may have been set back
}

}  // namespace

Measures::Measures()
    : open_(registry_.gauges({"butler_jobs", "Jobs that have not ended, by status.", {"status"}})),
      oldest_queued_(registry_.gauge(
          {"butler_oldest_queued_job_seconds", "Since the oldest job of the queue was made; 0 for none."})),
      deliveries_(registry_.gauge(
          {"butler_deliveries_open", "Ended jobs that their receiver has not acknowledged."})),
      paused_(registry_.gauge({"butler_paused", "1 while claims are paused."})),
      created_(registry_.counter({"butler_jobs_created_total", "Jobs that were made."})),
      ended_(registry_.counters({"butler_jobs_ended_total", "Jobs that have ended, by status.", {"status"}})),
      removed_(
          registry_.counter({"butler_jobs_removed_total", "Jobs that were removed because they were old."})),
      waited_(registry_.histogram(
          {"butler_job_wait_seconds", "From a job's place in the queue to its claim."}, job_seconds)),
      ran_(registry_.histogram({"butler_job_run_seconds", "From a job's claim to its end."}, job_seconds)),
      leases_lost_(registry_.counters(
          {"butler_leases_lost_total", "Leases that ran out, by what became of the job.", {"outcome"}})),
      approvals_(registry_.counters(
          {"butler_approvals_total", "Approvals of tool calls, by what became of them.", {"outcome"}})),
      events_(registry_.counter({"butler_events_appended_total", "Events that workers reported."})),
      commit_time_(registry_.histogram(
          {"butler_commit_seconds", "Time of a commit with writes, its fsync included."}, commit_seconds)),
      batch_size_(registry_.histogram(
          {"butler_commit_requests", "Requests that shared a commit with writes."}, batch_requests)),
      requests_(registry_.counters({"butler_http_requests_total",
                                    "Answered requests; no route for what met none.",
                                    {"method", "route", "status"}})),
      conflicts_(registry_.counters(
          {"butler_http_conflicts_total", "Requests that were refused with 409, by error.", {"error"}})),
      parked_(registry_.gauge({"butler_http_requests_parked", "Long-polls and streams that wait."})),
      connections_(registry_.gauge({"butler_http_connections", "Open connections."})),
      artifact_bytes_(registry_.gauge({"butler_artifact_bytes", "What the files of all jobs occupy."})) {
  metrics::add_process_metrics(registry_);
  // There from the start: a rate needs the nought before the first event.
  for (const auto* status : {"completed", "failed", "aborted"}) ended_.with({status});
  for (const auto* outcome : {"repeat", "resume", "fail", "abort"}) leases_lost_.with({outcome});
  for (const auto* outcome : {"requested", "answered_before", "allowed", "denied", "expired"}) {
    approvals_.with({outcome});
  }
}

void Measures::answered(std::string_view method, std::string_view route, int status) {
  requests_.with({std::string{method}, std::string{route}, std::to_string(status)}).add();
}

void Measures::conflicted(std::string_view error) { conflicts_.with({std::string{error}}).add(); }

void Measures::claimed(domain::Timestamp queued, domain::Timestamp now) {
  waited_.observe(seconds_between(queued, now));
}

void Measures::ended(const domain::Job& job) {
  ended_.with({std::string{domain::enum_name(job.status)}}).add();
  if (job.started_at && job.finished_at) ran_.observe(seconds_between(*job.started_at, *job.finished_at));
}

void Measures::lease_lost(domain::LostAttempt outcome) {
  leases_lost_.with({std::string{domain::enum_name(outcome)}}).add();
}

void Measures::approval(std::string_view outcome) { approvals_.with({std::string{outcome}}).add(); }

void Measures::committed(std::size_t requests, std::chrono::steady_clock::duration time) {
  commit_time_.observe(Seconds(time).count());
  batch_size_.observe(static_cast<double>(requests));
}

std::string Measures::text(const Now& now) {
  open_.with({"needs_approval"}).set(static_cast<double>(now.backlog.needs_approval));
  open_.with({"queued"}).set(static_cast<double>(now.backlog.queued));
  open_.with({"running"}).set(static_cast<double>(now.backlog.running));
  open_.with({"aborting"}).set(static_cast<double>(now.backlog.aborting));
  oldest_queued_.set(now.backlog.oldest_queued ? seconds_between(*now.backlog.oldest_queued, now.time) : 0);
  deliveries_.set(static_cast<double>(now.backlog.deliveries));
  paused_.set(now.paused ? 1 : 0);
  parked_.set(static_cast<double>(now.parked));
  connections_.set(static_cast<double>(now.connections));
  artifact_bytes_.set(static_cast<double>(now.artifact_bytes));
  return registry_.text();
}

}  // namespace butler::orchestrator
