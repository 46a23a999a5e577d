#pragma once

#include <functional>

#include "console/access.hpp"

namespace butler::cli {

/// Finds out how to reach Butler from the configuration and `<home>/secrets.env`, and returns what `use` does
/// with it: its exit status. A wrong configuration is printed, and exit_config. Throws std::runtime_error
/// with the next step where Butler was never started, or by somebody else.
int with_access(const std::function<int(const console::Access&)>& use);

}  // namespace butler::cli
