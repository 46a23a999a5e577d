#include "gateway/controls.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <variant>

#include "async/event.hpp"
#include "domain/job_id.hpp"
#include "domain/job_status.hpp"
#include "gateway/reply.hpp"
#include "gateway/wording.hpp"
#include "log/log.hpp"
#include "telegram/update.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

using api::CallError;
using domain::Job;
using domain::JobStatus;
using domain::short_job_id;

constexpr std::chrono::milliseconds between_tries{100};
constexpr std::size_t jobs_to_search = 200;
constexpr std::size_t jobs_to_show = 20;

bool waits_for_approval(JobStatus status) { return status == JobStatus::needs_approval; }
bool can_be_stopped(JobStatus status) { return !domain::is_terminal(status); }
bool any(JobStatus) { return true; }

/// The sentence for a call that gave no answer that we wanted.
std::string excuse(const CallError& error) {
  if (error.kind == CallError::Kind::unreachable) return wording::orchestrator_away();
  return wording::not_possible(error.message.empty() ? error.code : error.message);
}

std::vector<std::string> lines_of(const std::vector<Job>& jobs) {
  const auto now = domain::wall_clock_now();
  std::vector<std::string> lines;
  for (const Job& job : jobs | std::views::take(jobs_to_show)) lines.push_back(wording::job_line(job, now));
  return lines;
}

}  // namespace

asio::awaitable<bool> Controls::step(Lane lane) {
  const auto stored = store_.first_control(lane.chat_id);
  if (!stored) co_return false;
  const auto update = telegram::decode_update(stored->raw);
  const telegram::Message* message = update && update->message ? &*update->message : nullptr;
  if (message == nullptr) {
    store_.end_update(stored->update_id, InboxState::broken, "a control command that cannot be read again");
    co_return true;
  }
  const auto text = domain::parse_chat_text(message->text, bot_.username);
  const Request request{.chat_id = lane.chat_id,
                        .person = std::to_string(message->from ? message->from->id : 0),
                        .give_up = std::chrono::steady_clock::now() + patience_};
  const domain::ChatCommand command = text ? text->command : domain::ChatCommand{};
  const ControlResult result = co_await handle(command, request);

  store_.unit([&] {
    if (result.ended) answers_.put(*result.ended);
    if (!result.text.empty()) {
      outbox_.queue({.source = "reply:" + std::to_string(bot_.id) + ":" + std::to_string(stored->update_id),
                     .kind = MessageKind::answer,
                     .to = {.chat_id = lane.chat_id, .thread_id = message->thread_id},
                     .payloads = plain_payloads(result.text)});
    }
    store_.end_update(stored->update_id, InboxState::done, "");
  });
  co_return true;
}

Controls::Result Controls::handle(const domain::ChatCommand& command, const Request& request) {
  if (const auto* one = std::get_if<domain::ApproveCommand>(&command)) return approve(one->job, request);
  if (const auto* one = std::get_if<domain::DenyCommand>(&command)) return deny(one->job, request);
  if (const auto* one = std::get_if<domain::AbortCommand>(&command)) return abort(one->job, request);
  if (const auto* one = std::get_if<domain::StatusCommand>(&command)) return status(one->job, request);
  throw std::logic_error("not a control command");
}

Controls::Result Controls::approve(std::string typed, Request request) {
  const Search search{"/approve", std::move(typed), waits_for_approval, wording::nothing_to_decide};
  const auto found = co_await find(search, request);
  if (!found) co_return ControlResult{found.error()};
  const std::string short_id = short_job_id(found->id);
  if (!waits_for_approval(found->status)) {
    co_return ControlResult{wording::no_longer_waiting(short_id, found->status)};
  }
  auto call = [&] { return orchestrator_.approve(found->id, {.approver_id = request.person}); };
  const auto job = co_await patiently<Job>(call, request.give_up);
  if (!job) co_return ControlResult{excuse(job.error())};
  log::info("job.approved", {{"job", job->id}, {"by", request.person}});
  co_return ControlResult{wording::approved(short_id)};
}

Controls::Result Controls::deny(std::string typed, Request request) {
  const Search search{"/deny", std::move(typed), waits_for_approval, wording::nothing_to_decide};
  const auto found = co_await find(search, request);
  if (!found) co_return ControlResult{found.error()};
  const auto turn = store_.turn_of_job(found->id);
  if (found->status == JobStatus::aborted && turn && turn->denied) {
    co_return ControlResult{.ended = *found};  // denied before a restart: say it if it was not said
  }
  if (!waits_for_approval(found->status)) {
    co_return ControlResult{wording::no_longer_waiting(short_job_id(found->id), found->status)};
  }
  Job job = *found;
  co_return co_await refuse_run(std::move(job), request);
}

Controls::Result Controls::refuse_run(Job job, Request request) {
  // Noted before the call: its delivery may be here before its answer.
  store_.set_denied(job.id, true);
  auto call = [&] {
    return orchestrator_.abort(
        job.id, {.reason = "denied", .requester_id = request.person, .if_status = JobStatus::needs_approval});
  };
  const auto denied = co_await patiently<Job>(call, request.give_up);
  if (denied) {
    log::info("job.denied", {{"job", job.id}, {"by", request.person}});
    co_return ControlResult{.ended = *denied};
  }
  if (denied.error().status != 409) co_return ControlResult{excuse(denied.error())};
  const auto now = co_await this->job(job.id, request);  // somebody was faster
  if (now && now->status == JobStatus::aborted) co_return ControlResult{.ended = *now};
  store_.set_denied(job.id, false);
  if (!now) co_return ControlResult{excuse(now.error())};
  co_return ControlResult{wording::no_longer_waiting(short_job_id(job.id), now->status)};
}

Controls::Result Controls::abort(std::string typed, Request request) {
  const Search search{"/abort", std::move(typed), can_be_stopped, wording::nothing_to_stop};
  const auto found = co_await find(search, request);
  if (!found) co_return ControlResult{found.error()};
  const std::string short_id = short_job_id(found->id);
  if (domain::is_terminal(found->status)) {
    co_return ControlResult{wording::already_over(short_id, found->status)};
  }
  auto call = [&] {
    return orchestrator_.abort(
        found->id,
        {.reason = "stopped in the chat", .requester_id = request.person, .if_status = std::nullopt});
  };
  const auto job = co_await patiently<Job>(call, request.give_up);
  if (!job) co_return ControlResult{excuse(job.error())};
  log::info("job.abort_asked", {{"job", job->id}, {"by", request.person}});
  if (job->status == JobStatus::aborted) co_return ControlResult{.ended = *job};
  if (domain::is_terminal(job->status)) co_return ControlResult{wording::already_over(short_id, job->status)};
  co_return ControlResult{wording::stopping(short_id)};
}

Controls::Result Controls::status(std::string typed, Request request) {
  if (typed.empty()) co_return co_await status_of_chat(request);
  const Search search{"/status", std::move(typed), any, wording::nothing_to_stop};
  const auto found = co_await find(search, request);
  if (!found) co_return ControlResult{found.error()};
  co_return ControlResult{wording::job_line(*found, domain::wall_clock_now())};
}

Controls::Result Controls::status_of_chat(Request request) {
  const std::size_t waiting = store_.count_stored_turns(request.chat_id);
  auto call = [&] { return orchestrator_.admin_state(); };
  const auto admin = co_await patiently<api::AdminState>(call, request.give_up);
  if (!admin) co_return ControlResult{wording::status_unknown(waiting)};
  const auto jobs = co_await open_jobs(request);
  if (!jobs) co_return ControlResult{wording::status_unknown(waiting)};
  std::optional<std::string> pause;
  if (admin->paused) pause = wording::paused(admin->pause_reason);
  co_return ControlResult{wording::status_of_chat(lines_of(*jobs), waiting, pause)};
}

asio::awaitable<Controls::Target> Controls::find(Search search, Request request) {
  if (!search.typed.empty()) co_return co_await find_typed(std::move(search), std::move(request));
  const auto open = co_await open_jobs(request);
  if (!open) co_return std::unexpected(excuse(open.error()));
  std::vector<Job> candidates;
  std::ranges::copy_if(*open, std::back_inserter(candidates),
                       [&](const Job& job) { return search.wanted(job.status); });
  if (candidates.empty()) co_return std::unexpected(search.nothing());
  if (candidates.size() > 1)
    co_return std::unexpected(wording::which_one(search.command, lines_of(candidates)));
  co_return candidates.front();
}

asio::awaitable<Controls::Target> Controls::find_typed(Search search, Request request) {
  std::vector<std::string> ids;
  for (const Turn& turn : store_.turns_with_jobs(request.chat_id, jobs_to_search)) {
    if (turn.job_id && domain::matches_short_job_id(*turn.job_id, search.typed)) ids.push_back(*turn.job_id);
  }
  if (ids.empty()) co_return std::unexpected(wording::no_such_job(search.typed));
  std::vector<Job> jobs;
  for (const std::string& id : ids | std::views::take(jobs_to_show)) {
    const auto one = co_await job(id, request);
    if (one) {
      jobs.push_back(*one);
    } else if (one.error().status != 404) {
      co_return std::unexpected(excuse(one.error()));
    }
  }
  if (jobs.empty()) co_return std::unexpected(wording::job_gone(short_job_id(ids.front())));
  if (jobs.size() > 1) co_return std::unexpected(wording::which_one(search.command, lines_of(jobs)));
  co_return jobs.front();
}

asio::awaitable<std::expected<std::vector<Job>, CallError>> Controls::open_jobs(Request request) {
  std::vector<Job> open;
  for (const Turn& turn : store_.turns_with_jobs(request.chat_id, jobs_to_search)) {
    if (turn.state != TurnState::created || !turn.job_id) continue;
    const auto one = co_await job(*turn.job_id, request);
    if (one && !domain::is_terminal(one->status)) open.push_back(*one);
    if (!one && one.error().status != 404) co_return std::unexpected(one.error());
    if (open.size() == jobs_to_show) break;
  }
  co_return open;
}

api::Call<Job> Controls::job(std::string job_id, Request request) {
  auto call = [&] { return orchestrator_.get_job(job_id); };
  co_return co_await patiently<Job>(call, request.give_up);
}

template <class T>
api::Call<T> Controls::patiently(std::function<api::Call<T>()> call, Deadline give_up) {
  for (;;) {
    auto answer = co_await call();
    const bool unreachable = !answer && answer.error().kind == CallError::Kind::unreachable;
    if (!unreachable || std::chrono::steady_clock::now() + between_tries > give_up) co_return answer;
    co_await async::sleep_for(between_tries);
  }
}

}  // namespace butler::gateway
