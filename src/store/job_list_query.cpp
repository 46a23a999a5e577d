#include "store/job_list_query.hpp"

#include <string_view>

#include "domain/describe.hpp"
#include "domain/enum_name.hpp"

namespace butler::store {

namespace {

using domain::JobStatus;

/// An index, and the condition under which it holds a job.
struct JobIndex {
  std::string_view name;
  std::string_view condition = "";
};

constexpr JobIndex all_jobs{"jobs_listed"};

JobIndex index_for(const JobFilter& filter) {
  if (!filter.status) return all_jobs;
  const bool of_somebody = filter.chat_id || filter.requester_id || filter.session_key;
  switch (*filter.status) {
    case JobStatus::queued: return of_somebody ? all_jobs : JobIndex{"jobs_queued"};
    case JobStatus::needs_approval: return {"jobs_needing_approval"};
    case JobStatus::running:
    case JobStatus::aborting: return {"jobs_leased", "status IN ('running', 'aborting')"};
    case JobStatus::failed:
    case JobStatus::aborted: return {"jobs_unsuccessful", "status IN ('failed', 'aborted')"};
    case JobStatus::completed: break;
  }
  return all_jobs;
}

}  // namespace

std::string job_list_query(const JobFilter& filter) {
  const auto index = index_for(filter);
  std::string conditions;
  const auto add = [&](bool wanted, std::string_view condition) {
    if (wanted) conditions.append(conditions.empty() ? " WHERE " : " AND ").append(condition);
  };
  add(!index.condition.empty(), index.condition);
  // In the text, not as a parameter: the planner has to see that the index holds these jobs.
  if (filter.status) add(true, "status = '" + std::string{domain::enum_name(*filter.status)} + "'");
  add(filter.chat_id.has_value(), "chat_id = ?1");
  add(filter.requester_id.has_value(), "requester_id = ?2");
  add(filter.session_key.has_value(), "session_key = ?3");
  add(filter.before.has_value(), "id < ?4");
  return "WHERE jobs.row IN (SELECT row FROM jobs INDEXED BY " + std::string{index.name} + conditions +
         " ORDER BY id DESC LIMIT ?5) ORDER BY jobs.id DESC";
}

}  // namespace butler::store
