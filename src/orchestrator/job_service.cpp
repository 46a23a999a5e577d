#include "orchestrator/job_service.hpp"

#include <algorithm>
#include <stdexcept>

#include "domain/limits.hpp"
#include "json/value.hpp"
#include "log/log.hpp"
#include "process/role.hpp"

namespace butler::orchestrator {

namespace limits = domain::limits;

namespace {

/// Who acts through the gateway's token without saying for whom.
constexpr std::string_view unnamed = "gateway";

api::Event to_event(const store::StoredEvent& stored) {
  api::Event event;
  event.type = stored.type;
  event.ts = stored.ts;
  event.message = stored.message;
  if (stored.data) event.data = json::parse(*stored.data).value_or(nullptr);
  event.seq = stored.seq;
  return event;
}

json::Object reason_data(const api::AbortRequest& request) {
  json::Object data;
  if (request.reason) data.emplace("reason", *request.reason);
  if (request.requester_id) data.emplace("requesterId", *request.requester_id);
  return data;
}

std::string late_attachments(const std::vector<std::string>& names, std::chrono::seconds wait) {
  constexpr std::size_t named = 5;
  const auto minutes = wait.count() / 60;
  std::string text = "Not all attachments have arrived within ";
  text.append(minutes > 0 ? std::to_string(minutes) + " min" : std::to_string(wait.count()) + " s");
  for (std::size_t i = 0; i < names.size() && i < named; ++i)
    text.append(i == 0 ? ": " : ", ").append(names[i]);
  if (names.size() > named) text.append("…");
  return text;
}

}  // namespace

Outcome<JobService::Created> JobService::create(const api::CreateJobRequest& request,
                                                const std::optional<std::string>& idempotency_key,
                                                domain::Timestamp now) {
  if (auto refusal = check(request)) return std::unexpected(*std::move(refusal));
  auto job = to_job(request);
  if (request.attachments_from) {
    auto names = attachments_of(*request.attachments_from);
    if (!names) return std::unexpected(names.error());
    job.attachments = *std::move(names);
  }
  if (idempotency_key) {
    if (const auto first = store_.find_by_idempotency_key(*idempotency_key)) {
      if (!same_request(first->job, job)) {
        return std::unexpected(
            Refusal{409,
                    "idempotency_conflict",
                    "this idempotency key was used for another request (job " + first->job.id + ")",
                    {}});
      }
      return Created{with_text_so_far(store_, *first), false};
    }
  }
  // Another orchestrator's clock may be ahead.
  if (store_.peers() != nullptr) ids_.go_on_after(store_.newest_job_id());
  job.id = ids_.next(now, process::random_bytes<10>());
  job.created_at = now;
  job.updated_at = now;
  const bool waits = job.attachments && !job.attachments->empty();
  lifecycle_.create(job, idempotency_key, waits ? std::optional{now + attachment_wait_} : std::nullopt);
  return Created{std::move(job), true};
}

/// The names of the attachments that the job has; those that never came are left out.
Outcome<std::optional<std::vector<std::string>>> JobService::attachments_of(const std::string& job_id) {
  const auto record = store_.find(job_id);
  if (!record) return std::unexpected(invalid_request("attachmentsFrom", "there is no such job"));
  auto names = record->job.attachments;
  if (!names) return names;
  const auto missing = store_.artifacts().missing_attachments(record->row);
  std::erase_if(*names, [&](const auto& name) { return std::ranges::find(missing, name) != missing.end(); });
  return names;
}

Outcome<domain::Job> JobService::get(std::string_view job_id) {
  const auto record = store_.find(job_id);
  if (!record) return std::unexpected(job_not_found());
  return with_text_so_far(store_, *record);
}

Outcome<api::JobList> JobService::list(const store::JobFilter& filter) {
  api::JobList list;
  list.jobs = store_.list(filter);
  if (!list.jobs.empty() && list.jobs.size() == filter.limit) list.next_before = list.jobs.back().id;
  return list;
}

Outcome<api::EventPage> JobService::events(std::string_view job_id, std::int64_t cursor) {
  const auto record = store_.find(job_id);
  if (!record) return std::unexpected(job_not_found());
  const auto stored = store_.events_after(record->row, cursor);
  api::EventPage page;
  for (const auto& event : stored.events) page.events.push_back(to_event(event));
  page.next_cursor = stored.events.empty() ? cursor : stored.events.back().seq;
  page.total = stored.total;
  if (stored.truncated) page.truncated = true;
  return page;
}

Outcome<domain::Job> JobService::approve(std::string_view job_id, const api::ApproveRequest& request,
                                         domain::Timestamp now) {
  FieldProblems problems;
  problems.check_optional("approverId", request.approver_id, 1, limits::person_or_chat_id);
  if (!problems.empty()) return std::unexpected(problems.refusal());
  const auto record = store_.find(job_id);
  if (!record) return std::unexpected(job_not_found());
  EventText text;
  text.actor = request.approver_id.value_or(std::string{unnamed});
  if (request.approver_id) text.data = json::Object{{"approverId", *request.approver_id}};
  return lifecycle_.apply(*record, *record, domain::JobAction::approve, std::move(text), now);
}

Outcome<domain::Job> JobService::abort(std::string_view job_id, const api::AbortRequest& request,
                                       domain::Timestamp now) {
  FieldProblems problems;
  problems.check_optional("reason", request.reason, 0, limits::reason);
  problems.check_optional("requesterId", request.requester_id, 1, limits::person_or_chat_id);
  if (!problems.empty()) return std::unexpected(problems.refusal());
  const auto record = store_.find(job_id);
  if (!record) return std::unexpected(job_not_found());
  if (request.if_status && *request.if_status != record->job.status) {
    return std::unexpected(invalid_transition(record->job.status, domain::JobAction::abort));
  }
  return abort_record(*record, request, now);
}

void JobService::abort_incomplete(domain::Timestamp now) {
  for (const auto& id : store_.artifacts().overdue(now)) {
    const auto record = store_.find(id);
    if (!record) continue;
    const auto names = store_.artifacts().missing_attachments(record->row);
    const auto reason = late_attachments(names, attachment_wait_);
    log::warn("job.attachments_late", {{"job", id}, {"missing", names.size()}});
    const auto aborted =
        abort_record(*record, {.reason = reason, .requester_id = "orchestrator", .if_status = {}}, now);
    if (!aborted) throw std::logic_error("a waiting job could not be aborted: " + id);
  }
}

Outcome<domain::Job> JobService::abort_record(const store::JobRecord& record,
                                              const api::AbortRequest& request, domain::Timestamp now) {
  auto changed = record;
  EventText text{.message = "Abort requested",
                 .data = reason_data(request),
                 .actor = request.requester_id.value_or(std::string{unnamed})};
  if (domain::is_leased(record.job.status)) {
    changed.job.abort_requested = true;
  } else {
    changed.job.error = request.reason;
    text.message = request.reason;
  }
  return lifecycle_.apply(record, std::move(changed), domain::JobAction::abort, std::move(text), now);
}

Outcome<void> JobService::send_message(std::string_view job_id, const api::MessageRequest& request,
                                       const std::optional<std::string>& idempotency_key,
                                       domain::Timestamp now) {
  FieldProblems problems;
  problems.check_length("text", request.text, 1, limits::prompt);
  if (!idempotency_key) problems.add("idempotency-key", "is required");
  if (!problems.empty()) return std::unexpected(problems.refusal());
  const auto record = store_.find(job_id);
  if (!record) return std::unexpected(job_not_found());
  if (record->job.status != domain::JobStatus::running) {
    return std::unexpected(Refusal{409, "not_running", "the job does not run, so no message reaches it", {}});
  }
  store_.add_message(record->row, *idempotency_key, request.mode, request.text, now);
  touched_.touch({Topic::Kind::lease, record->job.id});
  return {};
}

std::vector<api::Delivery> JobService::deliveries(std::string_view deliver_to, std::int64_t after,
                                                  std::size_t limit) {
  std::vector<api::Delivery> found;
  for (auto& stored : store_.deliveries(deliver_to, after, limit))
    found.push_back({std::move(stored.job), stored.seq});
  return found;
}

Outcome<void> JobService::acknowledge_delivery(std::string_view job_id) {
  const auto record = store_.find(job_id);
  if (!record) return std::unexpected(job_not_found());
  store_.remove_delivery(record->row);
  return {};
}

Outcome<JobService::Paused> JobService::pause(const api::PauseRequest& request, domain::Timestamp now) {
  FieldProblems problems;
  problems.check_optional("reason", request.reason, 0, limits::reason);
  problems.check_optional("requesterId", request.requester_id, 1, limits::person_or_chat_id);
  if (!problems.empty()) return std::unexpected(problems.refusal());
  Paused paused{.state = {true, request.reason, now}, .aborted = {}};
  store_.set_admin_state(paused.state);
  if (request.abort_running.value_or(false)) paused.aborted = abort_running(request, now);
  json::Object details;
  if (request.reason) details.emplace("reason", *request.reason);
  if (paused.aborted) details.emplace("aborted", *paused.aborted);
  store_.audit().append({.ts = now,
                         .actor = request.requester_id.value_or(std::string{unnamed}),
                         .action = "admin.paused",
                         .subject = "claims",
                         .details = std::move(details)});
  log::warn("admin.paused",
            {{"reason", request.reason.value_or("")}, {"aborted", paused.aborted.value_or(0)}});
  return paused;
}

std::int64_t JobService::abort_running(const api::PauseRequest& request, domain::Timestamp now) {
  const api::AbortRequest abort{
      .reason = request.reason.value_or("paused"), .requester_id = request.requester_id, .if_status = {}};
  std::int64_t count = 0;
  for (const auto& record : store_.leased()) {
    if (record.job.status != domain::JobStatus::running) continue;
    const auto aborted = abort_record(record, abort, now);
    if (!aborted) {
      log::error("admin.abort_failed", {{"job", record.job.id}, {"error", aborted.error().message}});
      continue;
    }
    ++count;
  }
  return count;
}

api::AdminState JobService::resume(const api::ResumeRequest& request, domain::Timestamp now) {
  const api::AdminState state{false, std::nullopt, now};
  store_.set_admin_state(state);
  touched_.touch({Topic::Kind::claim});
  store_.audit().append({.ts = now,
                         .actor = request.requester_id.value_or(std::string{unnamed}),
                         .action = "admin.resumed",
                         .subject = "claims",
                         .details = {}});
  log::info("admin.resumed");
  return state;
}

}  // namespace butler::orchestrator
