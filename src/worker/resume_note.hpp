#pragma once

#include <string>
#include <string_view>

#include "api/types.hpp"

namespace butler::worker {

/// What an agent is told in the place of the request when an earlier attempt at the job ended while a tool
/// call waited for its approval: its history, which ends there, has the request already. Pure.
std::string resume_note(const api::Approval& call, std::string_view request);

}  // namespace butler::worker
