#pragma once

#include "domain/job.hpp"
#include "orchestrator/refusal.hpp"

namespace butler::orchestrator {

/// {"job": …} with the status, or the refusal.
http::Response job_response(const Outcome<domain::Job>& job, int status = 200);

}  // namespace butler::orchestrator
