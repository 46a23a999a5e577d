#pragma once

#include <string>
#include <vector>

#include "config/load.hpp"

namespace butler::cli {

/// `butler sandbox run -- COMMAND…`: the exit status is the command's.
int run_in_sandbox(const config::Loaded& loaded, std::vector<std::string> command);

}  // namespace butler::cli
