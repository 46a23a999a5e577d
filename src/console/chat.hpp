#pragma once

#include "console/access.hpp"
#include "console/send.hpp"
#include "console/streams.hpp"

namespace butler::console {

/// `butler chat`: a conversation in the terminal, or over a pipe, one request a line, in one session. Returns
/// the exit status: 0, or 1 when the last answer was a failure. Throws Failure.
int run_chat(const Access& access, const SessionChoice& session, Streams streams);

}  // namespace butler::console
