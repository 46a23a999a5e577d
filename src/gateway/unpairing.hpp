#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/control_request.hpp"
#include "gateway/job_search.hpp"
#include "gateway/pairing.hpp"
#include "gateway/people.hpp"

namespace butler::gateway {

/// Somebody is let in no more, and what they have open is stopped, whether an owner says so in a chat or the
/// operator on the socket. They are not told; what was on its way to them still arrives.
class Unpairing {
 public:
  Unpairing(GatewayStore& store, api::OrchestratorClient& orchestrator, Pairing& pairing,
            const People& people)
      : orchestrator_(orchestrator), search_(store, orchestrator), pairing_(pairing), people_(people) {}

  struct Removed {
    bool configured = false;  ///< the configuration lets them in all the same: nothing is to be stopped
    bool was_paired = false;
    std::vector<std::string> open_jobs = {};  ///< ids of what they have open, also when they were out before
  };
  /// The person is out when this returns; stop() is left to do.
  Removed remove(std::int64_t person_id);

  struct Stopped {
    std::size_t count = 0;
    std::vector<std::string> left = {};  ///< short ids of jobs that could not be stopped
  };
  /// Stops these jobs, because `requester_id` wants it. A call that gets no answer is repeated until
  /// `give_up`.
  boost::asio::awaitable<Stopped> stop(std::vector<std::string> jobs, std::string requester_id,
                                       std::chrono::steady_clock::time_point give_up);

  /// /unpair. The same command again (after a restart) stops what is still open.
  ControlAnswer unpair(std::string typed, const ControlRequest& request);

 private:
  api::OrchestratorClient& orchestrator_;
  JobSearch search_;
  Pairing& pairing_;
  const People& people_;
};

/// A person's id as typed; nullopt for anything but a positive number. Pure.
std::optional<std::int64_t> person_id_in(std::string_view typed);

}  // namespace butler::gateway
