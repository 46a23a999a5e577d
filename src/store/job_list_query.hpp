#pragma once

#include <string>

#include "store/job_store.hpp"

namespace butler::store {

/// What follows `FROM jobs …` in the query for a list. Its parameters are ?1 chat, ?2 requester, ?3 session,
/// ?4 the id before which it begins, ?5 the limit. Pure.
///
/// Rows are large, and history is long: the jobs are found in one index, which the query names, because
/// SQLite's planner counts nothing. Jobs that run, wait for approval, are queued or have ended badly are few
/// and have an index of their own (queued ones are read in whole); for all others what is asked for is
/// compared within the index jobs_listed.
std::string job_list_query(const JobFilter& filter);

}  // namespace butler::store
