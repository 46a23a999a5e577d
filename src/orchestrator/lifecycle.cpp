#include "orchestrator/lifecycle.hpp"

#include <algorithm>

#include "digest/sha256.hpp"
#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/limits.hpp"
#include "domain/utf8.hpp"
#include "log/log.hpp"

namespace butler::orchestrator {

using domain::EventType;
using domain::JobAction;
using domain::JobStatus;
using domain::Verdict;

namespace {

store::StoredEvent stored(EventType type, domain::Timestamp now, EventText text) {
  store::StoredEvent event;
  event.type = type;
  event.ts = now;
  if (text.message) event.message = domain::shorten(*text.message, domain::limits::event_message);
  if (text.data) event.data = json::serialize(*text.data);
  return event;
}

std::optional<std::string> receiver(const domain::Job& job) {
  if (job.deliver_to) return job.deliver_to;
  if (job.channel == domain::Channel::telegram) return "telegram";
  return std::nullopt;
}

json::Object created_details(const domain::Job& job) {
  json::Object details{{"kind", domain::enum_name(job.kind)},
                       {"channel", domain::enum_name(job.channel)},
                       {"chatId", job.chat_id},
                       {"sessionKey", job.session_key},
                       {"promptHash", digest::sha256_hex(job.prompt)}};
  if (job.requires_approval) details.emplace("requiresApproval", true);
  return details;
}

/// What the audit log calls the change; "" for what it does not hold.
std::string_view audited(const store::JobRecord& before, const domain::Job& job, JobAction action,
                         const EventText& text) {
  if (action == JobAction::approve) return "job.approved";
  if (job.status == JobStatus::aborting) return "job.abort_requested";
  if (job.status != JobStatus::aborted) return "";
  const bool denied = before.job.status == JobStatus::needs_approval && text.message == "denied";
  return denied ? "job.denied" : "job.aborted";
}

}  // namespace

domain::Job with_text_so_far(store::JobStore& store, const store::JobRecord& record) {
  domain::Job job = record.job;
  if (domain::is_leased(job.status)) {
    auto text = store.text_so_far(record.row);
    if (!text.empty()) job.result_text = domain::shorten(text, domain::limits::result_text);
  }
  return job;
}

void Lifecycle::create(domain::Job job, const std::optional<std::string>& idempotency_key,
                       const std::optional<domain::Timestamp>& attachments_due) {
  const auto row = store_.insert(job, idempotency_key);
  if (attachments_due) store_.artifacts().await_attachments(row, *attachments_due);
  store_.append_events(row, {stored(EventType::job_created, job.created_at, {})});
  if (job.status == JobStatus::queued) refresh_head(job.session_key);
  store_.audit().append({.ts = job.created_at,
                         .actor = job.requester_id,
                         .action = "job.created",
                         .subject = job.id,
                         .details = created_details(job)});
  measures_.created();
  log::info("job.created", {{"job", job.id},
                            {"kind", domain::enum_name(job.kind)},
                            {"status", domain::enum_name(job.status)},
                            {"chat", job.chat_id}});
}

Outcome<domain::Job> Lifecycle::apply(const store::JobRecord& before, store::JobRecord record,
                                      JobAction action, EventText text, domain::Timestamp now,
                                      bool same_lease) {
  const auto cell = domain::transition(before.job.status, action);
  switch (cell.verdict) {
    case Verdict::conflict: return std::unexpected(invalid_transition(before.job.status, action));
    case Verdict::repeat_or_conflict:
      if (!same_lease) return std::unexpected(invalid_transition(before.job.status, action));
      return before.job;
    case Verdict::no_op:
    case Verdict::stay: return with_text_so_far(store_, before);
    case Verdict::move: break;
  }
  auto& job = record.job;
  job.status = cell.to;
  job.updated_at = std::max(now, before.job.updated_at + std::chrono::milliseconds{1});
  if (domain::is_terminal(cell.to)) finish(record, before);
  if (!store_.update(record, before.job.status)) {
    return std::unexpected(lease_lost(before.lease));
  }
  // Before the job's last event: behind it there is none.
  if (domain::is_terminal(job.status) || job.status == JobStatus::aborting) {
    approvals_.expire_pending(record.row, "the job has ended", job.updated_at);
  }
  audit(before, job, action, text);
  store_.append_events(record.row, {stored(cell.event, job.updated_at, std::move(text))});
  announce(before, job);
  if (domain::is_terminal(job.status)) measures_.ended(job);
  log::info("job.changed", {{"job", job.id},
                            {"action", domain::enum_name(action)},
                            {"from", domain::enum_name(before.job.status)},
                            {"status", domain::enum_name(job.status)},
                            {"chat", job.chat_id},
                            {"attempt", job.attempt},
                            {"worker", job.worker_id.value_or("")}});
  return job;
}

void Lifecycle::audit(const store::JobRecord& before, const domain::Job& job, JobAction action,
                      const EventText& text) {
  const auto name = audited(before, job, action, text);
  if (name.empty()) return;
  const bool by_worker = !text.actor && before.lease.has_value();
  json::Object details{{"from", domain::enum_name(before.job.status)}};
  if (text.message) details.emplace("message", *text.message);
  if (text.data && text.data->contains("reason")) details.emplace("reason", text.data->at("reason"));
  store_.audit().append(
      {.ts = job.updated_at,
       .actor = by_worker ? "worker:" + before.lease->worker_id : text.actor.value_or("orchestrator"),
       .action = std::string{name},
       .subject = job.id,
       .details = std::move(details)});
}

void Lifecycle::finish(store::JobRecord& record, const store::JobRecord& before) {
  auto& job = record.job;
  job.finished_at = job.updated_at;
  if (job.status != JobStatus::completed && domain::is_leased(before.job.status)) {
    // What the agent had said so far is kept; only completing replaces it.
    const auto text = store_.text_so_far(record.row);
    job.result_text.reset();
    if (!text.empty()) job.result_text = domain::shorten(text, domain::limits::result_text);
  }
}

void Lifecycle::announce(const store::JobRecord& before, const domain::Job& job) {
  touched_.touch({Topic::Kind::job, job.id});
  touched_.touch({Topic::Kind::events, job.id});
  if (domain::is_leased(before.job.status) && !domain::is_leased(job.status)) leases_.remove(job.id);
  if (job.status == JobStatus::aborting) touched_.touch({Topic::Kind::lease, job.id});
  if (domain::is_terminal(job.status)) {
    if (const auto to = receiver(job)) {
      store_.add_delivery(before.row, *to);
      touched_.touch({Topic::Kind::deliveries, *to});
    }
  }
  // A session in which a job runs has no head: the one that was it stopped being it with its status.
  if (domain::is_leased(job.status)) return;
  if (domain::is_leased(before.job.status) || before.job.status == JobStatus::queued ||
      job.status == JobStatus::queued) {
    refresh_head(job.session_key);
  }
}

void Lifecycle::refresh_head(const std::string& session_key) {
  store_.refresh_head_then(session_key, [&touched = touched_] { touched.touch({Topic::Kind::claim}); });
}

}  // namespace butler::orchestrator
