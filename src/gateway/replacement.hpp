#pragma once

#include <cstdint>
#include <string_view>

#include "domain/job.hpp"

/// What becomes of a job whose request its person has changed. Pure.
namespace butler::gateway {

/// The reason with which a job is stopped that another one replaces. It says afterwards, also after a crash,
/// that it was us: nobody is told of its end.
inline constexpr std::string_view replaced_reason = "replaced by an edited message";

/// Whether a job was stopped for that reason.
bool was_replaced(const domain::Job& job);

enum class Replacement : std::uint8_t {
  done,       ///< it was stopped for that: the other one takes its place
  ask_again,  ///< it waits (again): it may still be stopped
  too_late,   ///< it is being worked on
  over,       ///< it has ended for itself, or somebody has stopped it
};

/// What a look at the job says, after it could not be stopped while it waits.
Replacement replacement_of(const domain::Job& job);

}  // namespace butler::gateway
