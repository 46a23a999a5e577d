#include "domain/job_status.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace butler::domain {

namespace {

using enum JobStatus;

constexpr Transition move(JobStatus to, EventType event) { return {Verdict::move, to, event}; }
constexpr Transition stay{Verdict::stay};
constexpr Transition no_op{Verdict::no_op};
constexpr Transition conflict{Verdict::conflict};
constexpr Transition repeat{Verdict::repeat_or_conflict};

constexpr auto approved = move(queued, EventType::job_approved);
constexpr auto claimed = move(running, EventType::job_started);
constexpr auto abort_asked = move(aborting, EventType::log);
constexpr auto ended_aborted = move(aborted, EventType::job_aborted);
constexpr auto ended_completed = move(completed, EventType::job_finished);
constexpr auto ended_failed = move(failed, EventType::job_failed);
constexpr auto back = move(queued, EventType::job_requeued);

using Row = std::array<Transition, job_status_count>;

// The whole lifecycle. docs/job-lifecycle.md shows this table; a test holds the two together.
constexpr std::array<Row, job_action_count> table{{
    //  needs_approval queued         running          aborting       completed failed    aborted
    Row{approved, no_op, no_op, no_op, conflict, conflict, conflict},                 // approve
    Row{ended_aborted, ended_aborted, abort_asked, no_op, no_op, no_op, no_op},       // abort
    Row{conflict, claimed, conflict, conflict, conflict, conflict, conflict},         // claim
    Row{conflict, conflict, stay, stay, conflict, conflict, conflict},                // append
    Row{conflict, conflict, ended_completed, ended_aborted, repeat, repeat, repeat},  // complete
    Row{conflict, conflict, ended_failed, ended_aborted, repeat, repeat, repeat},     // fail
    Row{conflict, conflict, back, ended_aborted, repeat, repeat, repeat},             // requeue
    Row{conflict, conflict, ended_aborted, ended_aborted, repeat, repeat, repeat},    // acknowledge
}};

}  // namespace

Transition transition(JobStatus status, JobAction action) {
  return table.at(std::to_underlying(action)).at(std::to_underlying(status));
}

bool is_terminal(JobStatus status) { return status == completed || status == failed || status == aborted; }

bool is_leased(JobStatus status) { return status == running || status == aborting; }

LostAttempt attempt_lost(const AttemptFacts& facts) {
  if (facts.status == aborting) return LostAttempt::abort;
  if (facts.awaits_decision && !facts.open_tool_call && !facts.accepted_without_token) {
    return LostAttempt::resume;
  }
  const bool may_have_acted = facts.had_activity || facts.accepted_without_token;
  return !may_have_acted && facts.attempt < facts.max_attempts ? LostAttempt::repeat : LostAttempt::fail;
}

}  // namespace butler::domain
