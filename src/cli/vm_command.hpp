#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace butler::cli {

/// Adds `butler vm …`. `chosen` becomes what the chosen command does and returns its exit status.
void add_vm_commands(CLI::App& app, std::function<int()>& chosen);

}  // namespace butler::cli
