#pragma once

#include "config/load.hpp"

/// What every long-running command says and sets when it starts.
namespace butler::cli {

/// One problem a line on standard error, then how to go on.
void print_problems(const config::Problems& problems);

/// Names the role in the log, sets its level, and hides every secret that is in the configuration.
void start_log(std::string_view role, const config::Loaded& loaded);

/// The configuration's warnings, as log lines.
void log_warnings(const config::Loaded& loaded);

}  // namespace butler::cli
