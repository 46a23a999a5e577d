#include "orchestrator/job_response.hpp"

#include "api/describe.hpp"
#include "json/codec.hpp"

namespace butler::orchestrator {

http::Response job_response(const Outcome<domain::Job>& job, int status) {
  if (!job) return to_response(job.error());
  return http::json_response(status, json::to_text(api::JobAnswer{*job}));
}

}  // namespace butler::orchestrator
