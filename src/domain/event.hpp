#pragma once

#include <cstdint>
#include <string>

#include "domain/timestamp.hpp"

namespace butler::domain {

/// The kinds of lines in a job's log. The names are the wire and database spelling.
enum class EventType : std::uint8_t {
  job_created,
  job_approved,
  job_started,
  agent_text_delta,
  agent_thinking_delta,
  tool_start,
  tool_update,
  tool_end,
  log,
  usage,
  approval_requested,
  approval_decided,
  artifact_added,
  job_requeued,
  job_finished,
  job_failed,
  job_aborted,
};

/// True for events that show that the agent has acted in this attempt, so that a repeat could act twice
/// (docs/http-api.md, "Leases and repeats").
constexpr bool is_activity(EventType type) {
  switch (type) {
    case EventType::agent_text_delta:
    case EventType::agent_thinking_delta:
    case EventType::tool_start:
    case EventType::tool_update:
    case EventType::tool_end:
    case EventType::artifact_added: return true;
    default: return false;
  }
}

/// True for what a worker may append; the rest is written by the orchestrator with the change it records.
constexpr bool is_reported_by_worker(EventType type) {
  return is_activity(type) || type == EventType::log || type == EventType::usage;
}

/// True for events that the cap on events per job never drops.
constexpr bool is_always_kept(EventType type) {
  return type == EventType::job_created || type == EventType::job_approved || type == EventType::job_started;
}

}  // namespace butler::domain
