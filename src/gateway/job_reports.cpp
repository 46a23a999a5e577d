#include "gateway/job_reports.hpp"

#include <algorithm>

#include "api/job_activity.hpp"
#include "domain/job_id.hpp"
#include "domain/job_status.hpp"
#include "domain/limits.hpp"
#include "gateway/keyboards.hpp"
#include "gateway/patience.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_conversation.hpp"
#include "gateway/wording_media.hpp"

namespace butler::gateway {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t jobs_per_message = 10;
constexpr int pages_of_a_session = 5;  // of 200 jobs each
constexpr std::int64_t events_that_tell = 100;

void count(wording::SessionWork& work, const api::JobList& list, const std::set<std::string>& deciding) {
  for (const domain::Job& job : list.jobs) {
    const bool decides = job.status == domain::JobStatus::running && deciding.contains(job.id);
    work.jobs.push_back(decides ? domain::JobStatus::needs_approval : job.status);
    if (!job.usage) continue;
    work.usage.input_tokens += job.usage->input_tokens;
    work.usage.output_tokens += job.usage->output_tokens;
    work.usage.cache_read_tokens += job.usage->cache_read_tokens;
    work.usage.cache_write_tokens += job.usage->cache_write_tokens;
    work.usage.cost_usd += job.usage->cost_usd;
  }
}

wording::MemoryOf memory_in(const ControlRequest& request) {
  if (request.place() == domain::Place::group) return wording::MemoryOf::group;
  return request.role() == domain::Role::owner ? wording::MemoryOf::owners : wording::MemoryOf::person;
}

}  // namespace

std::set<std::string> JobReports::deciding(const ControlRequest& request) {
  std::set<std::string> jobs;
  for (const AskedApproval& one : store_.waiting_approvals(jobs_of_chat(request))) jobs.insert(one.job_id);
  return jobs;
}

ControlAnswer JobReports::status(std::string typed, const ControlRequest& request) {
  return typed.empty() ? status_of_chat(request) : status_of_job(std::move(typed), request);
}

ControlAnswer JobReports::status_of_job(std::string typed, const ControlRequest& request) {
  JobSearch::Wish wish{.command = "/status", .typed = std::move(typed)};
  const auto found = co_await search_.find(std::move(wish), request);
  if (!found) co_return ControlResult{found.error()};
  std::string does;
  if (domain::is_leased(found->status)) {
    const auto latest = co_await latest_events(found->id, request.give_up);
    if (!latest) co_return ControlResult{excuse(request.language, latest.error())};
    does = wording::activity_words(request.language, api::activity_of(*latest));
  }
  std::string text = wording::job_in_full(request.language, *found, does, domain::wall_clock_now());
  const std::string files = co_await files_of(found->id, request);
  if (!files.empty()) text += "\n" + files;
  const auto waiting = store_.waiting_approvals_of(found->id);
  if (!waiting.empty())
    text +=
        "\n\n" + wording::waits_for_decisions(request.language, approval_lines(request.language, waiting));
  Keyboard keyboard = job_keyboard(request.language, *found);
  if (keyboard.rows.empty()) co_return ControlResult{std::move(text)};
  const std::string until_the_end_of = domain::is_terminal(found->status) ? "" : found->id;
  co_return ControlResult{
      .text = std::move(text), .keyboard = std::move(keyboard), .keyboard_job = until_the_end_of};
}

ControlAnswer JobReports::status_of_chat(const ControlRequest& request) {
  const std::size_t waiting = store_.count_stored_turns(request.lane.chat_id);
  auto call = [&] { return orchestrator_.admin_state(); };
  const auto admin = co_await patiently<api::AdminState>(call, request.give_up);
  if (!admin) co_return ControlResult{wording::status_unknown(request.language, waiting)};
  const auto jobs = co_await search_.open_jobs(jobs_of_chat(request), request.give_up);
  if (!jobs) co_return ControlResult{wording::status_unknown(request.language, waiting)};
  std::optional<std::string> pause;
  if (admin->paused) pause = wording::paused(request.language, admin->pause_reason);
  const auto decisions = store_.waiting_approvals(approvals_to_mean(request));
  std::string text =
      wording::status_of_chat(request.language, job_lines(request.language, *jobs, deciding(request)),
                              approval_lines(request.language, decisions), waiting, pause);
  Keyboard keyboard = stop_keyboard(request.language, *jobs);
  if (keyboard.rows.empty()) co_return ControlResult{std::move(text)};
  co_return ControlResult{.text = std::move(text), .keyboard = std::move(keyboard)};
}

ControlAnswer JobReports::jobs(std::string before, const ControlRequest& request) {
  api::JobQuery query{.limit = jobs_per_message + 1};  // one more, to know whether there are older ones
  if (!before.empty()) {
    JobSearch::Wish wish{.command = "/jobs", .typed = std::move(before)};
    const auto found = co_await search_.find(std::move(wish), request);
    if (!found) co_return ControlResult{found.error()};
    query.before = found->id;
  }
  query = query_of(jobs_of_chat(request), std::move(query));
  auto list = co_await search_.list(query, request.give_up);
  if (!list) co_return ControlResult{excuse(request.language, list.error())};
  if (list->jobs.empty()) co_return ControlResult{wording::no_jobs(request.language)};
  std::optional<std::string> older;
  if (list->jobs.size() > jobs_per_message) {
    list->jobs.resize(jobs_per_message);
    older = domain::short_job_id(list->jobs.back().id);
  }
  auto lines = job_lines(request.language, list->jobs, deciding(request));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string files = co_await files_of(list->jobs[i].id, request);
    if (!files.empty()) lines[i] += "\n" + files;
  }
  co_return ControlResult{wording::jobs(request.language, lines, older)};
}

boost::asio::awaitable<std::string> JobReports::files_of(std::string job_id, const ControlRequest& request) {
  auto call = [&] { return orchestrator_.list_artifacts(api::ArtifactSide::gateway(), job_id); };
  const auto artifacts = co_await patiently<std::vector<api::Artifact>>(call, request.give_up);
  co_return artifacts ? wording::files_of_job(request.language, *artifacts) : std::string{};
}

ControlAnswer JobReports::context(const ControlRequest& request) {
  const auto now = domain::wall_clock_now();
  const Session session = store_.session(request.lane, now);
  const JobScope scope{.requester_id = jobs_of_chat(request).requester_id};
  api::JobQuery query = query_of(scope, {.session_key = session.key, .limit = domain::limits::jobs_per_page});
  const auto waiting = deciding(request);
  wording::SessionWork work;
  work.complete = false;
  for (int page = 0; page < pages_of_a_session && !work.complete; ++page) {
    const auto list = co_await search_.list(query, request.give_up);
    if (!list) co_return ControlResult{excuse(request.language, list.error())};
    count(work, *list, waiting);
    work.complete = !list->next_before.has_value();
    query.before = list->next_before;
  }
  const bool in_topic = request.lane.thread_id.has_value();
  co_return ControlResult{
      wording::context(request.language, session, in_topic, work, memory_in(request), now)};
}

api::Call<std::vector<api::Event>> JobReports::latest_events(std::string job_id,
                                                             steady_clock::time_point give_up) {
  // Seqs are not told without reading; how many events are kept is, by any call. No more pages than the cap
  // of events fills are read then.
  constexpr std::int64_t beyond_all = std::int64_t{1} << 40U;
  constexpr std::size_t most_pages = domain::limits::events_per_job / domain::limits::events_per_page + 2;
  const auto kept = co_await events(job_id, beyond_all, give_up);
  if (!kept) co_return std::unexpected(kept.error());
  std::int64_t cursor = std::max<std::int64_t>(0, kept->total - events_that_tell);
  std::vector<api::Event> latest;
  for (std::size_t pages = 0; pages < most_pages; ++pages) {
    auto page = co_await events(job_id, cursor, give_up);
    if (!page) co_return std::unexpected(page.error());
    if (page->events.empty()) break;
    cursor = page->next_cursor;
    latest = std::move(page->events);
  }
  co_return latest;
}

api::Call<api::EventPage> JobReports::events(std::string job_id, std::int64_t cursor,
                                             steady_clock::time_point give_up) {
  auto call = [&] { return orchestrator_.events(job_id, cursor, std::chrono::seconds{0}); };
  co_return co_await patiently<api::EventPage>(call, give_up);
}

}  // namespace butler::gateway
