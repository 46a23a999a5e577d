#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "sandbox/sandbox.hpp"

namespace butler::vm_sandbox {

/// Why jobs cannot run in virtual machines here; nullopt when they can. `store` is `<home>/vm`.
std::optional<std::string> vm_problem(const std::filesystem::path& store);

/// The tier `vm`: each start is a virtual machine of its own, from the tiny image of the store. The workspace
/// is a copy inside; what the command has changed there is brought back when it ends by itself. Everything
/// else that a Spec names is not there: read-only paths are missing, and other writable folders are empty.
/// @param program  what runs vm_run() when it is called with the words `sandbox vm-run`
std::unique_ptr<sandbox::Sandbox> make_vm_sandbox(std::filesystem::path store,
                                                  std::filesystem::path program = "/proc/self/exe");

}  // namespace butler::vm_sandbox
