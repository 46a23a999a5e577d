#pragma once

#include "config/variables.hpp"

namespace butler::cli {

/// What each role does before its own work: reads its configuration, prepares the home, gives up root,
/// hardens the process. Then runs it. Returns the exit status; a wrong configuration is told on standard
/// error, a line a problem.
int start_role(config::Role role);

}  // namespace butler::cli
