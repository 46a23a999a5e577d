#pragma once

#include <cstdint>

#include "domain/job.hpp"

/// What the commands about jobs may do with one. Pure.
namespace butler::gateway {

enum class Retry : std::uint8_t {
  may,
  not_over,     ///< it has not ended: there is nothing to repeat
  owners_only,  ///< a shell command, and this person may run none
};

/// Whether a job may be asked for once more. What has ended may, whatever its end; a command needs the right
/// to run one, and is approved again.
Retry retry_of(const domain::Job& job, bool may_run_commands);

enum class Steer : std::uint8_t {
  may,
  not_started,  ///< it waits, for its turn or for an approval
  is_command,   ///< a shell command listens to nobody
  ending,       ///< it is being stopped, or over
};

/// Whether a message reaches what works on a job.
Steer steering_of(const domain::Job& job);

}  // namespace butler::gateway
