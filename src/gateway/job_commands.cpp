#include "gateway/job_commands.hpp"

#include "domain/job_id.hpp"
#include "domain/job_status.hpp"
#include "gateway/job_request.hpp"
#include "gateway/job_rules.hpp"
#include "gateway/patience.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_conversation.hpp"
#include "gateway/wording_people.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

using domain::Job;
using domain::JobStatus;
using domain::short_job_id;

bool can_be_stopped(JobStatus status) { return !domain::is_terminal(status); }

}  // namespace

ControlAnswer JobCommands::abort(std::string typed, const ControlRequest& request) {
  JobSearch::Wish wish{.command = "/abort",
                       .typed = std::move(typed),
                       .action = domain::Action::abort,
                       .wanted = can_be_stopped,
                       .nothing = wording::nothing_to_stop};
  const auto found = co_await search_.find(std::move(wish), request);
  if (!found) co_return ControlResult{found.error()};
  const std::string short_id = short_job_id(found->id);
  if (domain::is_terminal(found->status)) {
    co_return ControlResult{wording::already_over(short_id, found->status)};
  }
  auto call = [&] {
    return orchestrator_.abort(
        found->id,
        {.reason = "stopped in the chat", .requester_id = request.person_id(), .if_status = std::nullopt});
  };
  const auto job = co_await patiently<Job>(call, request.give_up);
  if (!job) co_return ControlResult{excuse(job.error())};
  log::info("job.abort_asked", {{"job", job->id}, {"by", request.person.id}});
  if (job->status == JobStatus::aborted) {
    const bool elsewhere = is_elsewhere(*job, request);
    co_return ControlResult{.text = elsewhere ? wording::stopped_for(short_id) : "", .ended = *job};
  }
  if (domain::is_terminal(job->status)) co_return ControlResult{wording::already_over(short_id, job->status)};
  co_return ControlResult{wording::stopping(short_id)};
}

ControlAnswer JobCommands::retry(std::string typed, const ControlRequest& request) {
  const auto found = co_await to_retry(std::move(typed), request);
  if (!found) co_return ControlResult{found.error()};
  const std::string short_id = short_job_id(found->id);
  const auto may_run =
      domain::permission(domain::Action::run, request.role(), request.place(), rules_.permissions);
  switch (retry_of(*found, may_run == domain::Permission::granted)) {
    case Retry::not_over: co_return ControlResult{wording::not_over_yet(short_id, found->status)};
    case Retry::owners_only: co_return ControlResult{wording::refusal(may_run)};
    case Retry::may: break;
  }
  const JobOrigin origin{.bot_id = rules_.bot_id,
                         .update_id = request.update_id,
                         .message = request.message,
                         .person = request.person,
                         .role = request.role()};
  const Session session = store_.session(request.lane, domain::wall_clock_now());
  log::info("job.retried", {{"job", found->id}, {"by", request.person.id}});
  co_return ControlResult{.text = wording::retrying(short_id, found->kind),
                          .turn = job_request(origin, found->kind, found->prompt, session)};
}

asio::awaitable<JobSearch::Found> JobCommands::to_retry(std::string typed, const ControlRequest& request) {
  if (!typed.empty()) {
    JobSearch::Wish wish{.command = "/retry", .typed = std::move(typed)};
    co_return co_await search_.find(std::move(wish), request);
  }
  std::optional<Job> latest;
  for (const JobStatus status : {JobStatus::failed, JobStatus::aborted}) {
    const auto query = query_of(jobs_of_chat(request), {.status = status, .limit = 1});
    const auto list = co_await search_.list(query, request.give_up);
    if (!list) co_return std::unexpected(excuse(list.error()));
    if (list->jobs.empty()) continue;
    const Job& job = list->jobs.front();
    if (!latest || job.id > latest->id) latest = job;  // UUIDv7: a later id is a later job
  }
  if (!latest) co_return std::unexpected(wording::nothing_to_retry());
  co_return *std::move(latest);
}

ControlAnswer JobCommands::steer(std::string text, const ControlRequest& request) {
  if (text.empty()) co_return ControlResult{wording::empty_steer()};
  const auto found = co_await to_steer(request);
  if (!found) co_return ControlResult{found.error()};
  const std::string short_id = short_job_id(found->id);
  switch (steering_of(*found)) {
    case Steer::not_started: co_return ControlResult{wording::not_started_yet(short_id, found->status)};
    case Steer::is_command: co_return ControlResult{wording::command_cannot_be_steered(short_id)};
    case Steer::ending: co_return ControlResult{wording::nothing_to_steer()};
    case Steer::may: break;
  }
  const std::string key = "steer:" + std::to_string(rules_.bot_id) + ":" + std::to_string(request.update_id);
  auto call = [&] {
    return orchestrator_.send_message(found->id, key, {.mode = api::MessageMode::steer, .text = text});
  };
  const auto sent = co_await patiently<void>(call, request.give_up);
  if (!sent && sent.error().code == "not_running") co_return ControlResult{wording::nothing_to_steer()};
  if (!sent) co_return ControlResult{excuse(sent.error())};
  log::info("job.steered", {{"job", found->id}, {"by", request.person.id}});
  co_return ControlResult{wording::steered(short_id)};
}

asio::awaitable<JobSearch::Found> JobCommands::to_steer(const ControlRequest& request) {
  const Session session = store_.session(request.lane, domain::wall_clock_now());
  const JobScope scope{.requester_id = jobs_of_chat(request).requester_id};
  // What runs, or else what came last.
  for (const std::optional<JobStatus> status :
       {std::optional{JobStatus::running}, std::optional<JobStatus>{}}) {
    const auto query = query_of(scope, {.status = status, .session_key = session.key, .limit = 1});
    const auto list = co_await search_.list(query, request.give_up);
    if (!list) co_return std::unexpected(excuse(list.error()));
    if (!list->jobs.empty()) co_return list->jobs.front();
  }
  co_return std::unexpected(wording::nothing_to_steer());
}

}  // namespace butler::gateway
