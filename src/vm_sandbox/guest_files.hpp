#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "sandbox/mounts.hpp"
#include "sandbox/spec.hpp"
#include "vm_sandbox/run_plan.hpp"

namespace butler::vm_sandbox {

/// What goes into a guest besides its workspace.
struct GuestFiles {
  std::vector<GuestTree> trees;
  std::vector<GuestLink> links;
};

/// The plan's mounts as copies and links. What the system's own folders hold is the image's, and so is the
/// agent's runtime: `runtime` is the identity of the image's, "" for an image that has none. The error is a
/// sentence: the image has another runtime than the plan shows.
std::expected<GuestFiles, std::string> plan_guest_files(const sandbox::Spec& spec,
                                                        const sandbox::MountPlan& plan,
                                                        const std::string& runtime);

/// That an image does not hold this runtime, and what to do.
std::string other_runtime(const std::filesystem::path& runtime);

}  // namespace butler::vm_sandbox
