#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "console/access.hpp"
#include "console/streams.hpp"
#include "domain/job.hpp"

/// `butler jobs` and the parts of `butler job` that look at jobs and stop them. Each returns the exit status
/// and throws Failure.
namespace butler::console {

struct ListOptions {
  std::optional<domain::JobStatus> status = {};
  std::size_t limit = 20;
  bool all = false;  ///< however many there are
};

int list_jobs(const Access& access, const ListOptions& options, Streams streams);
int show_job(const Access& access, const std::string& typed, Streams streams);

/// The job's events so far, or until it ends.
int show_job_logs(const Access& access, const std::string& typed, bool follows, Streams streams);

/// Returns when the job has been asked to stop; what runs needs a moment to end.
int abort_job_by_id(const Access& access, const std::string& typed, Streams streams);

}  // namespace butler::console
