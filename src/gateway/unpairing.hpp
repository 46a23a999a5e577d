#pragma once

#include <string>
#include <vector>

#include "gateway/control_request.hpp"
#include "gateway/job_search.hpp"
#include "gateway/pairing.hpp"
#include "gateway/people.hpp"

namespace butler::gateway {

/// /unpair: somebody is let in no more, and what they have open is stopped. They are not told; what was on
/// its way to them still arrives.
class Unpairing {
 public:
  Unpairing(api::OrchestratorClient& orchestrator, JobSearch& search, Pairing& pairing, const People& people)
      : orchestrator_(orchestrator), search_(search), pairing_(pairing), people_(people) {}

  /// The person is out before the orchestrator is asked for anything. The same command again (after a
  /// restart) stops what is still open.
  ControlAnswer unpair(std::string typed, const ControlRequest& request);

 private:
  struct Stopped {
    std::size_t count = 0;
    std::vector<std::string> left;  ///< short ids of jobs that could not be stopped
  };
  boost::asio::awaitable<Stopped> stop_jobs_of(std::int64_t person_id, const ControlRequest& request);

  api::OrchestratorClient& orchestrator_;
  JobSearch& search_;
  Pairing& pairing_;
  const People& people_;
};

}  // namespace butler::gateway
