#pragma once

#include <cstdint>

#include "domain/event.hpp"
#include "domain/job.hpp"

namespace butler::domain {

/// What somebody does to a job: the rows of the lifecycle table.
enum class JobAction : std::uint8_t {
  approve,
  abort,
  claim,
  append_events,
  complete,
  fail,
  requeue,  ///< the lease was lost, or handed back, and attempt_lost() allows a repeat
  acknowledge_abort,
};

inline constexpr std::size_t job_action_count = 8;

/// What the lifecycle answers to an action.
enum class Verdict : std::uint8_t {
  move,                ///< to Transition::to, with exactly one event
  stay,                ///< allowed, and the status stays as it is
  no_op,               ///< 200 with the job unchanged
  repeat_or_conflict,  ///< no_op for the lease that ended the job, conflict for everybody else
  conflict,            ///< 409 invalid_transition, nothing changes
};

/// One cell of the lifecycle table. `to` and `event` count only where the verdict is `move`.
struct Transition {
  Verdict verdict = Verdict::conflict;
  JobStatus to = JobStatus::queued;
  EventType event = EventType::log;

  bool operator==(const Transition&) const = default;
};

/// The lifecycle, and the only place that decides it.
Transition transition(JobStatus status, JobAction action);

/// True for completed, failed and aborted: such a job never changes again.
bool is_terminal(JobStatus status);

/// True while a worker holds a lease: running and aborting.
bool is_leased(JobStatus status);

/// What becomes of a job whose lease ran out, or whose worker handed it back.
enum class LostAttempt : std::uint8_t {
  repeat,  ///< back to the queue; the attempt counts
  resume,  ///< back to the queue; the attempt does not count: it only waited for a decision
  fail,
  abort,
};

/// What is known of an attempt whose worker is gone.
struct AttemptFacts {
  JobStatus status = JobStatus::running;
  bool had_activity = false;            ///< an event for which is_activity() holds
  bool accepted_without_token = false;  ///< an old client has written without the lease token
  bool awaits_decision = false;         ///< a tool call waits for, or has, a decision and was not started
  bool open_tool_call = false;          ///< a tool call was started and has not ended
  std::int64_t attempt = 1;
  std::int64_t max_attempts = 3;
};

/// An agent's side effects are not repeated unasked. An attempt whose only open activity is a tool call that
/// waits for, or has, a decision and was not started goes back to the queue uncounted: the session goes on
/// from there. One that showed no activity goes back at most `max_attempts` times in all. A job that was
/// being aborted ends as aborted.
LostAttempt attempt_lost(const AttemptFacts& facts);

}  // namespace butler::domain
