#pragma once

#include <span>
#include <string>

#include "api/types.hpp"

namespace butler::api {

/// What a running job does now, in a few words: the tool that it runs, that it writes or thinks. "" when its
/// events do not tell. Pure.
///
/// @param events  the job's latest events, oldest first
std::string activity(std::span<const Event> events);

}  // namespace butler::api
