#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "sandbox/sandbox.hpp"

namespace butler::vm_sandbox {

/// Where a program in a machine reaches what TakeListener got: http://127.0.0.1:3128.
inline constexpr std::uint16_t services_port = 3128;

/// Why jobs cannot run in virtual machines here; nullopt when they can. `store` is `<home>/vm`.
std::optional<std::string> vm_problem(const std::filesystem::path& store);

/// Why the agent of this runtime folder cannot run in them, although commands may be able to.
std::optional<std::string> vm_agent_problem(const std::filesystem::path& store,
                                            const std::filesystem::path& runtime);

/// Why their instructions are translated here, some ten times slower, instead of run by the processor (KVM).
std::optional<std::string> kvm_problem();

/// The tier `vm`: each start is a virtual machine of its own, from the store's image. All that a Spec names
/// is a copy inside, at the same path, but for the system's folders and the agent's runtime, which are the
/// image's own. What the program has changed in the workspace and in Spec::returned is brought back by
/// Started::copies, and when it ends by itself.
/// @param program  what runs vm_run() when it is called with the words `sandbox vm-run`
std::unique_ptr<sandbox::Sandbox> make_vm_sandbox(std::filesystem::path store,
                                                  std::filesystem::path program = "/proc/self/exe");

}  // namespace butler::vm_sandbox
