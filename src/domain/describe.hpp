#pragma once

#include <boost/describe.hpp>

#include "domain/approval.hpp"
#include "domain/event.hpp"
#include "domain/job.hpp"
#include "domain/job_status.hpp"
#include "domain/permissions.hpp"

/// Names of the enumerators, so that wire, database and logs spell them as the code does.
/// Include where names are read or written, not in headers that everybody sees.
namespace butler::domain {

BOOST_DESCRIBE_ENUM(JobKind, task, run)
BOOST_DESCRIBE_ENUM(Channel, telegram, cli, api)
BOOST_DESCRIBE_ENUM(Role, owner, person)
BOOST_DESCRIBE_ENUM(JobStatus, needs_approval, queued, running, aborting, completed, failed, aborted)
BOOST_DESCRIBE_ENUM(JobAction, approve, abort, claim, append_events, complete, fail, requeue,
                    acknowledge_abort)
BOOST_DESCRIBE_ENUM(LostAttempt, repeat, resume, fail, abort)
BOOST_DESCRIBE_ENUM(ApprovalStatus, pending, allowed, denied, expired)
BOOST_DESCRIBE_ENUM(ApprovalVerdict, allow, deny)
BOOST_DESCRIBE_ENUM(ApprovalScope, once, session, always)
BOOST_DESCRIBE_ENUM(Verdict, move, stay, no_op, repeat_or_conflict, conflict)
BOOST_DESCRIBE_ENUM(EventType, job_created, job_approved, job_started, agent_text_delta, agent_thinking_delta,
                    tool_start, tool_update, tool_end, log, usage, approval_requested, approval_decided,
                    artifact_added, job_requeued, job_finished, job_failed, job_aborted)
BOOST_DESCRIBE_STRUCT(Usage, (),
                      (input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost_usd))
BOOST_DESCRIBE_STRUCT(Job, (),
                      (id, kind, status, prompt, channel, chat_id, requester_id, thread_id, session_key,
                       requires_approval, metadata, deliver_to, labels, attachments, abort_requested,
                       worker_id, attempt, max_attempts, result_text, error, usage, created_at, updated_at,
                       started_at, finished_at))

}  // namespace butler::domain
