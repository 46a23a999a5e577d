#include "orchestrator/lease_service.hpp"

#include "domain/limits.hpp"
#include "json/value.hpp"
#include "process/role.hpp"

namespace butler::orchestrator {

using domain::JobAction;
namespace limits = domain::limits;

namespace {

constexpr std::size_t token_bytes = 16;

store::StoredEvent to_stored(const api::ReportedEvent& event, domain::Timestamp now) {
  store::StoredEvent stored;
  stored.type = event.type;
  stored.ts = event.ts.value_or(now);
  stored.message = event.message;
  if (event.data) stored.data = json::serialize(*event.data);
  return stored;
}

api::ApprovalDecision to_decision(const store::ApprovalRecord& record) {
  const auto& approval = record.approval;
  const bool allowed = approval.status == domain::ApprovalStatus::allowed;
  return {.seq = record.decision_seq.value_or(0),
          .approval_id = approval.id,
          .tool_call_id = approval.tool_call_id,
          .payload_hash = approval.payload_hash,
          .decision = allowed ? domain::ApprovalVerdict::allow : domain::ApprovalVerdict::deny,
          .scope = approval.scope.value_or(domain::ApprovalScope::once),
          .reason = approval.reason};
}

}  // namespace

// ---- claims

Outcome<std::optional<api::ClaimedJob>> LeaseService::claim(const api::ClaimRequest& request, Now now) {
  if (auto refusal = check(request)) return std::unexpected(*std::move(refusal));
  saw(request, now);
  if (request.claim_id) {
    if (const auto before = store_.find_by_claim(*request.claim_id)) return repeated_claim(before, now);
  }
  return claim_oldest(request, now);
}

/// The request is right, and its claim id is a new one.
std::optional<api::ClaimedJob> LeaseService::claim_oldest(const api::ClaimRequest& request, Now now) {
  if (store_.admin_state().paused) return std::nullopt;
  const store::ClaimFilter filter{request.session_store, request.kinds,
                                  request.labels.value_or(std::vector<std::string>{})};
  auto record = store_.oldest_claimable(filter);
  if (!record) return std::nullopt;
  return start(*std::move(record), request, now);
}

void LeaseService::saw(const api::ClaimRequest& request, Now now) {
  if (request.session_store) stores_seen_[*request.session_store] = now.steady;
  sightings_.saw(request.worker_id, now.wall, now.steady);
}

std::optional<api::ClaimedJob> LeaseService::repeated_claim(const std::optional<store::JobRecord>& record,
                                                            Now now) {
  if (!record || !domain::is_leased(record->job.status)) return std::nullopt;
  extend(*record, now);
  return claimed(*record, record->job, record->lease->token, now);
}

api::ClaimedJob LeaseService::claimed(const store::JobRecord& record, const domain::Job& job,
                                      const std::string& token, Now now) {
  api::ClaimedJob answer{job, token, now.wall + lease_, {}};
  for (auto& left : store_.approvals().carried(record.row))
    answer.approvals.push_back(std::move(left.approval));
  return answer;
}

api::ClaimedJob LeaseService::start(store::JobRecord record, const api::ClaimRequest& request, Now now) {
  auto changed = record;
  changed.job.attempt += 1;
  changed.job.worker_id = request.worker_id;
  changed.job.started_at = now.wall;
  const EventText text{
      .message = {},
      .data = json::Object{{"workerId", request.worker_id}, {"attempt", changed.job.attempt}},
      .actor = {}};
  const auto job = lifecycle_.apply(record, changed, JobAction::claim, text, now.wall);
  if (!job) throw std::logic_error("a claimable job could not be claimed: " + record.job.id);

  store::Lease lease;
  lease.token = process::random_hex(token_bytes);
  lease.worker_id = request.worker_id;
  lease.since = now.wall;
  lease.claim_id = request.claim_id;
  renew(record.row, job->id, now);
  store_.put_lease(record.row, lease);
  if (request.session_store) store_.bind_session(job->session_key, *request.session_store, now.wall);
  measures_.claimed(record.job.updated_at, now.wall);
  return claimed(record, *job, lease.token, now);
}

// ---- calls of the holder

void LeaseService::extend(const store::JobRecord& record, Now now) {
  if (domain::is_leased(record.job.status)) renew(record.row, record.job.id, now);
}

void LeaseService::renew(std::int64_t job_row, const std::string& job_id, Now now) {
  leases_.renew(job_id, now.steady + lease_);
  if (peers_ != nullptr) peers_->extend_lease(job_row, lease_);
}

Outcome<LeaseService::Held> LeaseService::hold(std::string_view job_id, const Token& token, Now now,
                                               Save save) {
  auto record = store_.find(job_id);
  if (!record) return std::unexpected(job_not_found());
  if (!record->lease) {
    // Never claimed, or back in the queue: a token is stale, and for the rest the lifecycle says no.
    if (token) return std::unexpected(lease_lost(std::nullopt));
    return Held{*std::move(record), false};
  }
  auto& lease = *record->lease;
  const bool stale = token ? *token != lease.token : lease.token_presented;
  if (stale) return std::unexpected(lease_lost(lease));
  bool& first_time = token ? lease.token_presented : lease.accepted_without_token;
  const bool changed = !first_time && domain::is_leased(record->job.status);
  if (changed) first_time = true;
  if (changed && save == Save::now) store_.put_lease(record->row, lease);
  sightings_.saw(lease.worker_id, now.wall, now.steady + lease_);
  extend(*record, now);
  return Held{*std::move(record), true, changed && save == Save::later};
}

Outcome<store::JobRecord> LeaseService::holder(std::string_view job_id, const Token& token, Now now) {
  auto held = hold(job_id, token, now);
  if (!held) return std::unexpected(held.error());
  if (!held->record.lease) {
    return std::unexpected(invalid_transition(held->record.job.status, JobAction::append_events));
  }
  return std::move(held->record);
}

/// Which tool calls run, and which of those that wait for a decision do so no longer.
void LeaseService::follow_tool_calls(store::JobRecord& record,
                                     const std::vector<store::StoredEvent>& events) {
  auto& open = record.lease->open_tool_calls;
  bool talks = false;
  for (const auto& event : events) {
    talks = talks || event.type == domain::EventType::agent_text_delta ||
            event.type == domain::EventType::agent_thinking_delta;
    const bool starts = event.type == domain::EventType::tool_start;
    if (!starts && event.type != domain::EventType::tool_end) continue;
    const auto data = json::parse(event.data.value_or("null"));
    const std::string id{data ? json::find_string(*data, "toolCallId") : ""};
    store_.approvals().close_call(record.row, id);
    std::erase(open, id);
    if (starts) open.push_back(id);
  }
  if (talks) store_.approvals().close_delivered(record.row);
}

Outcome<void> LeaseService::report_events(std::string_view job_id, const Token& token,
                                          const api::ReportEventsRequest& request, Now now) {
  if (auto refusal = check(request)) return std::unexpected(*std::move(refusal));
  auto held = hold(job_id, token, now);
  if (!held) return std::unexpected(held.error());
  auto& record = held->record;
  if (domain::transition(record.job.status, JobAction::append_events).verdict != domain::Verdict::stay) {
    return std::unexpected(invalid_transition(record.job.status, JobAction::append_events));
  }
  auto& lease = *record.lease;
  if (request.batch && *request.batch <= lease.last_batch) return {};  // it came twice
  if (request.batch && *request.batch != lease.last_batch + 1) {
    return std::unexpected(
        Refusal{409,
                "batch_gap",
                "expected batch " + std::to_string(lease.last_batch + 1) + ": send it first",
                {{"expected", lease.last_batch + 1}}});
  }
  std::vector<store::StoredEvent> events;
  bool activity = lease.had_activity;
  const auto add = [&](const api::ReportedEvent& event) {
    events.push_back(to_stored(event, now.wall));
    activity = activity || domain::is_activity(event.type);
  };
  if (request.event) add(*request.event);
  if (request.events) {
    events.reserve(request.events->size());
    for (const auto& event : *request.events) add(event);
  }
  store_.append_events(record.row, events);
  measures_.events_appended(events.size());
  const auto open_before = lease.open_tool_calls;
  follow_tool_calls(record, events);
  if (activity != lease.had_activity || request.batch || lease.open_tool_calls != open_before) {
    lease.had_activity = activity;
    lease.last_batch = request.batch.value_or(lease.last_batch);
    store_.put_lease(record.row, lease);
  }
  touched_.touch({Topic::Kind::events, record.job.id});
  return {};
}

Outcome<LeaseService::Heartbeat> LeaseService::heartbeat(std::string_view job_id, const Token& token,
                                                         std::int64_t ack, Now now) {
  const auto held = hold(job_id, token, now);
  if (!held) return std::unexpected(held.error());
  const auto& record = held->record;
  if (ack > 0) {
    store_.acknowledge_messages(record.row, ack);
    store_.approvals().acknowledge(record.row, ack);
  }
  Heartbeat heartbeat;
  heartbeat.answer.abort_requested = record.job.abort_requested;
  heartbeat.answer.lease_expires_at = now.wall + lease_;
  heartbeat.answer.messages = store_.open_messages(record.row);
  for (const auto& decided : store_.approvals().undelivered(record.row)) {
    heartbeat.answer.decisions.push_back(to_decision(decided));
  }
  const bool news = record.job.abort_requested && !leases_.tell_abort(record.job.id);
  heartbeat.has_news = news || !heartbeat.answer.messages.empty() || !heartbeat.answer.decisions.empty() ||
                       !domain::is_leased(record.job.status);
  return heartbeat;
}

// ---- the end of an attempt

domain::AttemptFacts LeaseService::facts_of(const store::JobRecord& record) {
  const auto& lease = *record.lease;
  return {.status = record.job.status,
          .had_activity = lease.had_activity,
          .accepted_without_token = lease.accepted_without_token,
          .awaits_decision = store_.approvals().has_open_call(record.row),
          .open_tool_call = !lease.open_tool_calls.empty(),
          .attempt = record.job.attempt,
          .max_attempts = record.job.max_attempts};
}

Outcome<LeaseService::Completed> LeaseService::complete(std::string_view job_id, const Token& token,
                                                        const api::CompleteRequest& request, Now now) {
  FieldProblems problems;
  problems.check_length("resultText", request.result_text, 0, limits::result_text);
  if (!problems.empty()) return std::unexpected(problems.refusal());
  if (request.claim) {
    if (auto refusal = check(*request.claim)) return std::unexpected(*std::move(refusal));
  }
  auto held = hold(job_id, token, now, Save::later);
  if (!held) return std::unexpected(held.error());
  const auto& before = held->record;
  const bool repeated = domain::is_terminal(before.job.status);

  auto changed = before;
  changed.job.result_text = request.result_text;
  changed.job.usage = request.usage;
  const auto job = lifecycle_.apply(before, changed, JobAction::complete, {}, now.wall, held->same_lease);
  // Once, with the next claim's id if there is one.
  const bool claims_next = job && request.claim && !repeated;
  if (held->unsaved && !claims_next) store_.put_lease(before.row, *before.lease);
  if (!job) return std::unexpected(job.error());

  Completed completed{*job, request.claim.has_value(), std::nullopt};
  if (!request.claim) return completed;
  if (repeated) {
    if (before.lease->next_claim_id) {
      completed.next = repeated_claim(store_.find_by_claim(*before.lease->next_claim_id), now);
    }
    return completed;
  }
  auto lease = *before.lease;
  lease.next_claim_id = request.claim->claim_id.value_or(process::random_hex(token_bytes));
  store_.put_lease(before.row, lease);
  completed.next = claim_next(*request.claim, *lease.next_claim_id, now);
  return completed;
}

/// The claim that came with a job's end. An id that was made for it here is nobody's yet.
std::optional<api::ClaimedJob> LeaseService::claim_next(api::ClaimRequest request,
                                                        const std::string& claim_id, Now now) {
  if (request.claim_id) return claim(request, now).value_or(std::nullopt);
  request.claim_id = claim_id;
  saw(request, now);
  return claim_oldest(request, now);
}

Outcome<domain::Job> LeaseService::fail(std::string_view job_id, const Token& token,
                                        const api::FailRequest& request, Now now) {
  FieldProblems problems;
  problems.check_length("error", request.error, 1, limits::error);
  if (!problems.empty()) return std::unexpected(problems.refusal());
  const auto held = hold(job_id, token, now);
  if (!held) return std::unexpected(held.error());
  const auto& before = held->record;
  const EventText text{.message = request.error, .data = {}};

  if (request.retryable.value_or(false) && before.lease && domain::is_leased(before.job.status)) {
    const auto outcome = domain::attempt_lost(facts_of(before));
    if (outcome == domain::LostAttempt::repeat || outcome == domain::LostAttempt::resume) {
      return requeue(before, outcome, text, now, held->same_lease);
    }
  }
  auto changed = before;
  changed.job.error = request.error;
  return lifecycle_.apply(before, changed, JobAction::fail, text, now.wall, held->same_lease);
}

Outcome<domain::Job> LeaseService::acknowledge_abort(std::string_view job_id, const Token& token,
                                                     const api::AbortedRequest& request, Now now) {
  FieldProblems problems;
  problems.check_optional("reason", request.reason, 0, limits::error);
  if (!problems.empty()) return std::unexpected(problems.refusal());
  const auto held = hold(job_id, token, now);
  if (!held) return std::unexpected(held.error());
  auto changed = held->record;
  changed.job.error = request.reason;
  const EventText text{.message = request.reason, .data = {}};
  return lifecycle_.apply(held->record, changed, JobAction::acknowledge_abort, text, now.wall,
                          held->same_lease);
}

Outcome<domain::Job> LeaseService::requeue(const store::JobRecord& record, domain::LostAttempt outcome,
                                           EventText text, Now now, bool same_lease) {
  auto changed = record;
  if (outcome == domain::LostAttempt::resume) changed.job.attempt -= 1;  // the next claim counts it again
  changed.job.worker_id.reset();
  changed.job.started_at.reset();
  auto job = lifecycle_.apply(record, changed, JobAction::requeue, std::move(text), now.wall, same_lease);
  if (job) {
    store_.remove_lease(record.row);
    store_.approvals().carry(record.row);
  }
  return job;
}

}  // namespace butler::orchestrator
