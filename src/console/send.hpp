#pragma once

#include <optional>
#include <string>

#include "console/access.hpp"
#include "console/streams.hpp"

namespace butler::console {

/// Which conversation a request belongs to.
struct SessionChoice {
  std::string key = {};    ///< this one; "" for none in particular
  bool continues = false;  ///< the terminal's latest; otherwise a fresh one
};

struct SendOptions {
  std::string prompt = {};
  SessionChoice session = {};
  bool waits = true;  ///< for the answer; else only the job's id is shown
};

/// `butler send`: a task from the terminal. Returns the exit status. Throws Failure.
int send_task(const Access& access, const SendOptions& options, Streams streams);

/// `butler job retry`. Returns the exit status. Throws Failure.
int retry_job(const Access& access, const std::string& typed, bool waits, Streams streams);

}  // namespace butler::console
