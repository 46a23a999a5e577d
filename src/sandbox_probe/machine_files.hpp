#pragma once

#include <string>

#include "sandbox_probe/targets.hpp"

namespace butler::sandbox_probe {

/// Fills the folder: home/, outside/, butler/workspace/. Throws std::runtime_error.
void plant_files(const std::string& folder, Targets& targets);

/// As root: a setuid copy of this program in the workspace.
void plant_setuid_program(Targets& targets);

/// Removes what lies elsewhere.
void remove_planted(const Targets& targets);

}  // namespace butler::sandbox_probe
