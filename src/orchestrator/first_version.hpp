#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/job.hpp"
#include "domain/taken_over.hpp"
#include "json/value.hpp"
#include "store/job_store.hpp"

/// `state.json` of Butler's first version: {"jobs": {id: job} or [job], "events": {id: [event]}, "paused",
/// "pauseReason"}. Jobs and events have the members of docs/http-api.md, the later ones missing.
namespace butler::orchestrator {

/// A job of the first version, as it is kept here.
struct FirstVersionJob {
  std::string old_id;
  domain::Job job;  ///< without an id
  std::vector<store::StoredEvent> events;
};

struct FirstVersionState {
  std::vector<FirstVersionJob> jobs;  ///< oldest first
  bool paused = false;
  std::optional<std::string> pause_reason = {};
  domain::TakenOver report = {};
};

/// Reads what can be read and names the rest. What had not ended is kept as aborted: who asked for it is gone
/// from the chat long since, and a job that ran may have acted. Pure.
FirstVersionState read_first_version(const json::Value& state);

/// Adds the jobs that are not here yet, in one transaction.
domain::TakenOver take_over(store::JobStore& store, FirstVersionState state, domain::Timestamp now);

}  // namespace butler::orchestrator
