#include "gateway/job_commands.hpp"

#include "domain/job_id.hpp"
#include "domain/job_status.hpp"
#include "gateway/patience.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_people.hpp"
#include "log/log.hpp"

namespace butler::gateway {

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

}  // namespace butler::gateway
