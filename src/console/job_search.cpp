#include "console/job_search.hpp"

#include <algorithm>
#include <iterator>

#include "console/job_text.hpp"
#include "domain/job_id.hpp"
#include "domain/job_words.hpp"
#include "domain/limits.hpp"

namespace butler::console {

namespace asio = boost::asio;

namespace {

/// As many as the chat looks through.
constexpr std::size_t jobs_to_search = 2'000;
constexpr std::size_t longest_typed = 40;
constexpr std::size_t longest_call = 80;

std::string call_line(const WaitingCall& call, domain::Timestamp now) {
  return domain::short_job_id(call.approval.id) + " · waits for a decision for " +
         domain::age(now - call.approval.created_at) + " · " +
         short_line(call.approval.tool_name + ": " + call.approval.summary, longest_call);
}

std::string line_of(const Named& named, domain::Timestamp now) {
  if (const auto* job = std::get_if<domain::Job>(&named)) return domain::job_line(*job, now);
  return call_line(std::get<WaitingCall>(named), now);
}

asio::awaitable<Named> find(Connection& connection, std::string typed, std::string command,
                            std::vector<WaitingCall> calls) {
  if (domain::is_uuid(typed) && calls.empty()) {
    auto job = co_await connection.orchestrator().get_job(typed);
    if (!job && job.error().status == 404) throw Failure(which_one({}, typed, command, {}));
    co_return connection.require(std::move(job));
  }
  const auto jobs = co_await jobs_matching(connection, {}, jobs_to_search);
  auto found = find_named(jobs, calls, typed);
  if (found.size() != 1) throw Failure(which_one(found, typed, command, domain::wall_clock_now()));
  const auto* const job = std::get_if<domain::Job>(&found.front());
  if (job == nullptr) co_return std::move(found.front());
  auto whole = co_await connection.orchestrator().get_job(job->id);  // lists leave the text out
  co_return connection.require(std::move(whole));
}

}  // namespace

std::vector<Named> find_named(std::span<const domain::Job> jobs, std::span<const WaitingCall> calls,
                              std::string_view typed) {
  std::vector<Named> found;
  for (const auto& job : jobs) {
    if (domain::matches_short_job_id(job.id, typed)) found.emplace_back(job);
  }
  for (const auto& call : calls) {
    if (domain::matches_short_job_id(call.approval.id, typed)) found.emplace_back(call);
  }
  return found;
}

std::string which_one(std::span<const Named> found, std::string_view typed, std::string_view command,
                      domain::Timestamp now) {
  constexpr std::size_t most_shown = 20;
  const std::string id = short_line(typed, longest_typed);
  if (found.empty()) return "there is no job " + id + ": `butler jobs` lists them";
  std::string text = id + " can be one of " + std::to_string(found.size()) +
                     "; give more of its id: " + std::string{command} + " …";
  for (const auto& one : found.first(std::min(found.size(), most_shown))) text += "\n  " + line_of(one, now);
  const bool alike = std::ranges::adjacent_find(found, [](const Named& a, const Named& b) {
                       const auto* first = std::get_if<domain::Job>(&a);
                       const auto* second = std::get_if<domain::Job>(&b);
                       return first != nullptr && second != nullptr &&
                              domain::short_job_id(first->id) == domain::short_job_id(second->id);
                     }) != found.end();
  if (alike) text += "\n  (`butler jobs --json` has the whole ids)";
  return text;
}

asio::awaitable<domain::Job> find_job(Connection& connection, std::string typed, std::string command) {
  auto found = co_await find(connection, std::move(typed), std::move(command), {});
  co_return std::get<domain::Job>(std::move(found));
}

asio::awaitable<Named> find_job_or_call(Connection& connection, std::string typed, std::string command) {
  auto calls = co_await waiting_calls(connection);
  co_return co_await find(connection, std::move(typed), std::move(command), std::move(calls));
}

asio::awaitable<std::vector<domain::Job>> jobs_matching(Connection& connection, api::JobQuery query,
                                                        std::size_t most) {
  std::vector<domain::Job> jobs;
  for (;;) {
    query.limit = std::min(domain::limits::jobs_per_page, most - jobs.size());
    auto answer = co_await connection.orchestrator().list_jobs(query);
    auto page = connection.require(std::move(answer));
    std::ranges::move(page.jobs, std::back_inserter(jobs));
    if (!page.next_before || jobs.size() >= most) co_return jobs;
    query.before = page.next_before;
  }
}

asio::awaitable<std::vector<WaitingCall>> waiting_calls(Connection& connection) {
  api::JobQuery running;
  running.status = domain::JobStatus::running;
  auto jobs = co_await jobs_matching(connection, running, jobs_to_search);
  std::vector<WaitingCall> waiting;
  for (auto& job : jobs) {
    auto calls = co_await waiting_calls_of(connection, std::move(job));
    std::ranges::move(calls, std::back_inserter(waiting));
  }
  co_return waiting;
}

asio::awaitable<std::vector<WaitingCall>> waiting_calls_of(Connection& connection, domain::Job job) {
  auto answer = co_await connection.orchestrator().approvals(job.id);
  std::vector<WaitingCall> waiting;
  if (!answer && answer.error().status == 404) co_return waiting;  // gone meanwhile
  for (auto& approval : connection.require(std::move(answer))) {
    if (approval.status != domain::ApprovalStatus::pending) continue;
    waiting.push_back({.job = job, .approval = std::move(approval)});
  }
  co_return waiting;
}

}  // namespace butler::console
