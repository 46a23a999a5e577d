#include "gateway/job_decisions.hpp"

#include "domain/job_id.hpp"
#include "gateway/keyboards.hpp"
#include "gateway/patience.hpp"
#include "gateway/press_rules.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_buttons.hpp"
#include "gateway/wording_people.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace {

using domain::Job;
using domain::JobStatus;
using domain::short_job_id;

}  // namespace

ControlAnswer JobDecisions::approve(Job job, const ControlRequest& request) {
  const std::string short_id = short_job_id(job.id);
  if (job.status != JobStatus::needs_approval) co_return too_late(job, request);
  buttons_.deciding(job_matter(job.id),
                    Buttons::Decider{.approves = true, .name = wording::button_person(request.person)});
  auto call = [&] { return orchestrator_.approve(job.id, {.approver_id = request.person_id()}); };
  const auto approved = co_await patiently<Job>(call, request.give_up);
  if (approved) show_job_decision(buttons_, store_, *approved);
  buttons_.deciding(job_matter(job.id), std::nullopt);
  if (!approved) co_return ControlResult{excuse(request.language, approved.error())};
  log::info("job.approved", {{"job", job.id}, {"by", request.person.id}});
  co_return ControlResult{wording::approved(request.language, short_id)};
}

ControlAnswer JobDecisions::deny(Job job, const ControlRequest& request) {
  const auto turn = store_.turn_of_job(job.id);
  if (job.status == JobStatus::aborted && turn && turn->denied) {
    co_return ControlResult{.ended = job};  // denied before a restart: say it if it was not said
  }
  if (job.status != JobStatus::needs_approval) co_return too_late(job, request);
  buttons_.deciding(job_matter(job.id),
                    Buttons::Decider{.approves = false, .name = wording::button_person(request.person)});
  ControlResult result = co_await refuse(job, request);
  if (result.ended) show_job_decision(buttons_, store_, *result.ended);
  buttons_.deciding(job_matter(job.id), std::nullopt);
  co_return result;
}

ControlResult JobDecisions::too_late(const Job& job, const ControlRequest& request) {
  show_job_decision(buttons_, store_, job);
  return ControlResult{wording::no_longer_waiting(request.language, short_job_id(job.id), job.status)};
}

ControlAnswer JobDecisions::refuse(Job job, const ControlRequest& request) {
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
    co_return ControlResult{
        .text = elsewhere ? wording::refused_for(request.language, short_job_id(job.id)) : "",
        .ended = *denied};
  }
  if (denied.error().status != 409) co_return ControlResult{excuse(request.language, denied.error())};
  const auto now = co_await search_.job(job.id, request.give_up);  // somebody was faster
  if (now && now->status == JobStatus::aborted) co_return ControlResult{.ended = *now};
  store_.set_denied(job.id, false);
  if (!now) co_return ControlResult{excuse(request.language, now.error())};
  co_return too_late(*now, request);
}

}  // namespace butler::gateway
