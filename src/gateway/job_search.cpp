#include "gateway/job_search.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <ranges>

#include "domain/job_id.hpp"
#include "domain/job_status.hpp"
#include "gateway/patience.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_approvals.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

using domain::Job;
using std::chrono::steady_clock;

constexpr std::size_t jobs_to_search = 2'000;
constexpr std::size_t jobs_to_show = 20;

bool is_owner_in_private(const ControlRequest& request) {
  return request.role() == domain::Role::owner && request.place() == domain::Place::private_chat;
}

/// What domain::may_be_meant() wants to know of a job. One that does not say who asked for it was shown to
/// nobody else.
domain::JobRelation relation(const Job& job, const JobScope& scope, const ControlRequest& request) {
  const auto metadata = job.metadata.value_or(std::map<std::string, std::string>{});
  const auto role = metadata.find("requesterRole");
  const bool of_person = role != metadata.end() && role->second == "person";
  return {.own = job.requester_id == request.person_id(),
          // A job of a group that moved keeps the old chat; its turn does not.
          .this_chat =
              scope.chat_id == request.lane.chat_id || job.chat_id == std::to_string(request.lane.chat_id),
          .requester = of_person ? domain::Role::person : domain::Role::owner,
          .waits_for_approval = job.status == domain::JobStatus::needs_approval};
}

}  // namespace

JobScope jobs_of_chat(const ControlRequest& request) {
  JobScope scope{.chat_id = request.lane.chat_id};
  if (request.speaker != Speaker::owner) scope.requester_id = request.person.id;
  return scope;
}

JobScope jobs_to_name(const ControlRequest& request) {
  return is_owner_in_private(request) ? JobScope{} : jobs_of_chat(request);
}

JobScope jobs_to_mean(const ControlRequest& request, domain::Action action) {
  const bool elsewhere_too = action == domain::Action::decide && is_owner_in_private(request);
  return elsewhere_too ? JobScope{.kind = domain::JobKind::run} : jobs_of_chat(request);
}

JobScope approvals_to_mean(const ControlRequest& request) {
  return is_owner_in_private(request) ? JobScope{} : jobs_of_chat(request);
}

api::JobQuery query_of(const JobScope& scope, api::JobQuery query) {
  if (scope.chat_id) query.chat_id = std::to_string(*scope.chat_id);
  if (scope.requester_id) query.requester_id = std::to_string(*scope.requester_id);
  return query;
}

asio::awaitable<JobSearch::Found> JobSearch::find(Wish wish, const ControlRequest& request,
                                                  std::vector<Job>* several) {
  if (!wish.typed.empty()) co_return co_await find_typed(std::move(wish), request);
  const std::string_view command = wish.command;
  std::string (*const nothing)(wording::Language) = wish.nothing;
  const auto found = co_await candidates(std::move(wish), request);
  if (!found) co_return std::unexpected(found.error());
  if (found->empty()) co_return std::unexpected(nothing(request.language));
  if (found->size() == 1) co_return found->front();
  if (several != nullptr) *several = *found;
  co_return std::unexpected(
      wording::which_one(request.language, command, job_lines(request.language, *found)));
}

asio::awaitable<std::expected<std::vector<Job>, std::string>> JobSearch::candidates(
    Wish wish, const ControlRequest& request) {
  const JobScope scope = jobs_to_mean(request, wish.action);
  const auto open = co_await open_jobs(scope, request.give_up);
  if (!open) co_return std::unexpected(excuse(request.language, open.error()));
  std::vector<Job> found;
  std::ranges::copy_if(*open, std::back_inserter(found), [&](const Job& job) {
    return wish.wanted(job.status) &&
           domain::may_be_meant(request.role(), request.place(), relation(job, scope, request));
  });
  co_return found;
}

asio::awaitable<JobSearch::Found> JobSearch::find_typed(Wish wish, const ControlRequest& request) {
  std::vector<std::string> ids;
  for (const KnownJob& known : store_.known_jobs(jobs_to_name(request), jobs_to_search)) {
    if (domain::matches_short_job_id(known.job_id, wish.typed)) ids.push_back(known.job_id);
  }
  if (ids.empty()) co_return std::unexpected(wording::no_such_job(request.language, wish.typed));
  std::vector<Job> jobs;
  for (const std::string& id : ids | std::views::take(jobs_to_show)) {
    const auto one = co_await job(id, request.give_up);
    if (one) {
      jobs.push_back(*one);
    } else if (one.error().status != 404) {
      co_return std::unexpected(excuse(request.language, one.error()));
    }
  }
  if (jobs.empty())
    co_return std::unexpected(wording::job_gone(request.language, domain::short_job_id(ids.front())));
  if (jobs.size() > 1)
    co_return std::unexpected(
        wording::which_one(request.language, wish.command, job_lines(request.language, jobs)));
  co_return jobs.front();
}

asio::awaitable<std::expected<std::vector<Job>, api::CallError>> JobSearch::open_jobs(
    JobScope scope, steady_clock::time_point give_up) {
  std::vector<Job> open;
  for (const std::string& id : unanswered(scope)) {
    const auto one = co_await job(id, give_up);
    if (one && !domain::is_terminal(one->status)) open.push_back(*one);
    if (!one && one.error().status != 404) co_return std::unexpected(one.error());
    if (open.size() == jobs_to_show) break;
  }
  co_return open;
}

std::vector<std::string> JobSearch::unanswered(const JobScope& scope) {
  std::vector<std::string> ids;
  for (const KnownJob& known : store_.known_jobs(scope, jobs_to_search)) {
    if (!known.answered) ids.push_back(known.job_id);
  }
  return ids;
}

api::Call<api::JobList> JobSearch::list(api::JobQuery query, steady_clock::time_point give_up) {
  auto call = [&] { return orchestrator_.list_jobs(query); };
  co_return co_await patiently<api::JobList>(call, give_up);
}

api::Call<Job> JobSearch::job(std::string job_id, steady_clock::time_point give_up) {
  auto call = [&] { return orchestrator_.get_job(job_id); };
  co_return co_await patiently<Job>(call, give_up);
}

bool is_elsewhere(const Job& job, const ControlRequest& request) {
  return job.chat_id != std::to_string(request.lane.chat_id);
}

std::vector<std::string> job_lines(wording::Language language, const std::vector<Job>& jobs,
                                   const std::set<std::string>& deciding) {
  const auto now = domain::wall_clock_now();
  std::vector<std::string> lines;
  for (const Job& job : jobs | std::views::take(jobs_to_show)) {
    lines.push_back(wording::job_line(language, job, now, deciding.contains(job.id)));
  }
  return lines;
}

std::vector<std::string> approval_lines(wording::Language language,
                                        const std::vector<AskedApproval>& approvals) {
  const auto now = domain::wall_clock_now();
  std::vector<std::string> lines;
  for (const AskedApproval& one : approvals | std::views::take(jobs_to_show)) {
    lines.push_back(wording::waiting_approval_line(language, one, now));
  }
  return lines;
}

}  // namespace butler::gateway
