#include "gateway/approvals.hpp"

#include "domain/job_id.hpp"
#include "gateway/patience.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_people.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace {

using domain::Job;
using domain::JobStatus;
using domain::short_job_id;

bool waits_for_approval(JobStatus status) { return status == JobStatus::needs_approval; }

JobSearch::Wish what_waits(std::string_view command, std::string typed) {
  return {.command = command,
          .typed = std::move(typed),
          .action = domain::Action::decide,
          .wanted = waits_for_approval,
          .nothing = wording::nothing_to_decide};
}

}  // namespace

ControlAnswer Approvals::approve(std::string typed, const ControlRequest& request) {
  auto wish = what_waits("/approve", std::move(typed));
  const auto found = co_await search_.find(std::move(wish), request);
  if (!found) co_return ControlResult{found.error()};
  const std::string short_id = short_job_id(found->id);
  if (!waits_for_approval(found->status)) {
    co_return ControlResult{wording::no_longer_waiting(short_id, found->status)};
  }
  auto call = [&] { return orchestrator_.approve(found->id, {.approver_id = request.person_id()}); };
  const auto job = co_await patiently<Job>(call, request.give_up);
  if (!job) co_return ControlResult{excuse(job.error())};
  log::info("job.approved", {{"job", job->id}, {"by", request.person.id}});
  co_return ControlResult{wording::approved(short_id)};
}

ControlAnswer Approvals::deny(std::string typed, const ControlRequest& request) {
  auto wish = what_waits("/deny", std::move(typed));
  const auto found = co_await search_.find(std::move(wish), request);
  if (!found) co_return ControlResult{found.error()};
  const auto turn = store_.turn_of_job(found->id);
  if (found->status == JobStatus::aborted && turn && turn->denied) {
    co_return ControlResult{.ended = *found};  // denied before a restart: say it if it was not said
  }
  if (!waits_for_approval(found->status)) {
    co_return ControlResult{wording::no_longer_waiting(short_job_id(found->id), found->status)};
  }
  Job job = *found;
  co_return co_await refuse(std::move(job), request);
}

ControlAnswer Approvals::refuse(Job job, const ControlRequest& request) {
  // Noted before the call: its delivery may be here before its answer.
  store_.set_denied(job.id, true);
  auto call = [&] {
    return orchestrator_.abort(
        job.id,
        {.reason = "denied", .requester_id = request.person_id(), .if_status = JobStatus::needs_approval});
  };
  const auto denied = co_await patiently<Job>(call, request.give_up);
  if (denied) {
    log::info("job.denied", {{"job", job.id}, {"by", request.person.id}});
    const bool elsewhere = is_elsewhere(job, request);
    co_return ControlResult{.text = elsewhere ? wording::refused_for(short_job_id(job.id)) : "",
                            .ended = *denied};
  }
  if (denied.error().status != 409) co_return ControlResult{excuse(denied.error())};
  const auto now = co_await search_.job(job.id, request.give_up);  // somebody was faster
  if (now && now->status == JobStatus::aborted) co_return ControlResult{.ended = *now};
  store_.set_denied(job.id, false);
  if (!now) co_return ControlResult{excuse(now.error())};
  co_return ControlResult{wording::no_longer_waiting(short_job_id(job.id), now->status)};
}

}  // namespace butler::gateway
