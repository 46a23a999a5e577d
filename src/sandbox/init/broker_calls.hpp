#pragma once

#include <sys/types.h>

#include <optional>

#include "sandbox/init/caller.hpp"
#include "sandbox/init/place.hpp"

namespace butler::sandbox {

/// What becomes of a call of the agent's that the broker was asked for.
struct Outcome {
  enum class Kind {
    done,    ///< the call returns `value`
    handed,  ///< the call returns a descriptor for `file`
    passed,  ///< the kernel carries it out, under the agent's own restrictions
  };
  Kind kind = Kind::done;
  long value = 0;
  Handle file = {};
  bool close_on_exec = false;
};

/// Makes the call in the agent's place, or passes it. Throws Refusal.
Outcome make_call(int call, const Caller& caller, const Grounds& grounds);

}  // namespace butler::sandbox
