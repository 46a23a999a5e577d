#include "gateway/approvals.hpp"

#include <algorithm>
#include <iterator>

#include "async/event.hpp"
#include "domain/job_id.hpp"
#include "gateway/approval_requests.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_approvals.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

using domain::Job;
using domain::JobStatus;
using domain::short_job_id;

constexpr std::size_t approvals_to_search = 2'000;

bool waits_for_approval(JobStatus status) { return status == JobStatus::needs_approval; }

JobSearch::Wish what_waits(const std::string& command, std::string typed) {
  return {.command = command,
          .typed = std::move(typed),
          .action = domain::Action::decide,
          .wanted = waits_for_approval,
          .nothing = wording::nothing_to_decide};
}

std::vector<std::string> lines_of(wording::Language language, const std::vector<Job>& jobs,
                                  const std::vector<AskedApproval>& tools) {
  auto lines = job_lines(language, jobs);
  std::ranges::move(approval_lines(language, tools), std::back_inserter(lines));
  return lines;
}

}  // namespace

ControlAnswer Approvals::approve(domain::ApproveCommand command, const ControlRequest& request) {
  const auto found = co_await find("/approve", command.id, request);
  if (!found) co_return ControlResult{found.error()};
  if (const auto* asked = std::get_if<AskedApproval>(&*found)) {
    co_return co_await tools_.allow(*asked, command.scope, request);
  }
  const auto& job = std::get<Job>(*found);
  const bool once = command.scope.empty() || command.scope == "once";
  if (!once) co_return ControlResult{wording::jobs_are_approved_once(request.language, short_job_id(job.id))};
  co_return co_await jobs_.approve(job, request);
}

ControlAnswer Approvals::deny(domain::DenyCommand command, const ControlRequest& request) {
  const auto found = co_await find("/deny", command.id, request);
  if (!found) co_return ControlResult{found.error()};
  if (const auto* asked = std::get_if<AskedApproval>(&*found)) {
    co_return co_await tools_.deny(*asked, command.reason, request);
  }
  co_return co_await jobs_.deny(std::get<Job>(*found), request);
}

/// No coroutine: it only chooses one.
Approvals::Found Approvals::find(std::string command, std::string typed, const ControlRequest& request) {
  if (!typed.empty()) return find_typed(std::move(command), std::move(typed), request);
  return find_only(std::move(command), request);
}

Approvals::Found Approvals::find_typed(std::string command, std::string typed,
                                       const ControlRequest& request) {
  auto tools = store_.approvals(jobs_to_name(request), approvals_to_search);
  std::erase_if(tools, [&](const auto& one) { return !domain::matches_short_job_id(one.id, typed); });
  const bool names_a_job = std::ranges::any_of(
      store_.known_jobs(jobs_to_name(request), approvals_to_search),
      [&](const auto& known) { return domain::matches_short_job_id(known.job_id, typed); });
  if (tools.size() == 1 && !names_a_job) co_return tools.front();
  if (!tools.empty())
    co_return std::unexpected(
        wording::which_one(request.language, command, approval_lines(request.language, tools)));
  const auto job = co_await search_.find(what_waits(command, std::move(typed)), request);
  if (!job) co_return std::unexpected(job.error());
  const auto of_job = store_.waiting_approvals_of(job->id);
  if (!of_job.empty())
    co_return std::unexpected(
        wording::which_one(request.language, command, approval_lines(request.language, of_job)));
  co_return *job;
}

Approvals::Found Approvals::find_only(std::string command, const ControlRequest& request) {
  if (const auto noted = store_.approval_command(request.update_id)) {
    if (auto asked = store_.approval(noted->approval_id)) co_return *std::move(asked);
  }
  const auto jobs = co_await search_.candidates(what_waits(command, ""), request);
  if (!jobs) co_return std::unexpected(jobs.error());
  const std::string chat = ":" + std::to_string(request.lane.chat_id);
  std::vector<Target> seen;
  for (const Job& job : *jobs) {
    const bool could =
        co_await could_be_seen({approval_source(job.id), approval_source(job.id) + chat}, request);
    if (could) seen.emplace_back(job);
  }
  std::vector<AskedApproval> tools;
  for (const AskedApproval& asked : store_.waiting_approvals(approvals_to_mean(request))) {
    const auto places = store_.approval_places(asked.id);
    const auto here = std::ranges::find_if(places, [&](const ApprovalPlace& place) {
      return place.asks && place.lane.chat_id == request.lane.chat_id;
    });
    if (here == places.end()) continue;
    tools.push_back(asked);
    const bool could = co_await could_be_seen({here->source}, request);
    if (could) seen.emplace_back(asked);
  }
  if (jobs->empty() && tools.empty()) co_return std::unexpected(wording::nothing_to_decide(request.language));
  if (command == "/deny" && seen.empty() && jobs->size() + tools.size() == 1) {
    // Nothing happens by it, so it need not be certain that it was seen.
    if (tools.empty()) co_return jobs->front();
    co_return tools.front();
  }
  if (seen.size() > 1)
    co_return std::unexpected(
        wording::which_one(request.language, command, lines_of(request.language, *jobs, tools)));
  if (seen.empty())
    co_return std::unexpected(
        wording::name_what_you_mean(request.language, command, lines_of(request.language, *jobs, tools)));
  co_return std::move(seen.front());
}

asio::awaitable<bool> Approvals::could_be_seen(std::vector<std::string> sources,
                                               const ControlRequest& request) {
  constexpr std::chrono::milliseconds between_looks{20};
  for (;;) {
    const auto seen = [&](Seen wanted) {
      return std::ranges::any_of(sources, [&](const std::string& source) {
        return store_.seen_before(source, request.lane.chat_id, request.message.message_id) == wanted;
      });
    };
    if (seen(Seen::yes)) co_return true;
    if (!seen(Seen::soon_known) || std::chrono::steady_clock::now() > request.give_up) co_return false;
    co_await async::sleep_for(between_looks);
  }
}

}  // namespace butler::gateway
