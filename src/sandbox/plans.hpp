#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "sandbox/init_plan.hpp"
#include "sandbox/mounts.hpp"
#include "sandbox/spec.hpp"
#include "sandbox/tier.hpp"

namespace butler::sandbox {

/// What butler-sandbox-init does in this tier. `port` is the listener's. Pure.
InitPlan make_init_plan(Tier tier, const Spec& spec, const MountPlan& plan, std::uint16_t port);

/// Where the sandbox can write on disk.
std::vector<std::filesystem::path> writable_folders(const Spec& spec, const MountPlan& plan);

/// The version of this kernel's Landlock; 0 for none.
int landlock_of_this_kernel();

}  // namespace butler::sandbox
