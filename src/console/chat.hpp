#pragma once

#include "console/access.hpp"
#include "console/send.hpp"
#include "console/streams.hpp"

namespace butler::console {

/// `butler chat`: a conversation in the terminal, or over a pipe, one request a line, in one session. Returns
/// the exit status: 0, or 1 when the last answer was a failure. Throws Failure.
///
/// With JSON, `out` is an object a line: {"session": key} at the start and for each fresh one; {"job": …}
/// when a job is made and, last of what concerns it, when it has ended; {"jobId": …, "event": …} in between.
/// Answers keep the order of the requests.
int run_chat(const Access& access, const SessionChoice& session, Streams streams);

}  // namespace butler::console
