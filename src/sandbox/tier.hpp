#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

namespace butler::sandbox {

/// How an agent is contained. The names are those of WORKER_SANDBOX.
enum class Tier : std::uint8_t {
  vm,        ///< a virtual machine of its own
  bwrap,     ///< namespaces and mounts by bubblewrap, with Landlock and seccomp inside
  landlock,  ///< Landlock and seccomp only, where namespaces cannot be had
  none,      ///< limits only
};

std::string tier_name(Tier tier);

/// The oldest Landlock that keeps an agent's signals from the worker and from other agents; version 4
/// restricts TCP connections, no older one does.
inline constexpr int least_landlock = 6;

/// The strictest ptrace_scope under which a parent may look at its children, as Landlock's broker does.
inline constexpr int most_ptrace_scope = 1;

/// What this machine can do. A problem is a sentence; none means that it works.
struct HostFacts {
  bool is_root = false;
  std::optional<std::string> bwrap_problem = {};
  int landlock_version = 0;
  int ptrace_scope = 0;  ///< Yama's, see Documentation/admin-guide/LSM/Yama.rst
  std::optional<std::string> vm_problem = "nobody has looked for virtual machines";
  std::optional<std::string> vm_agent_problem = vm_problem;  ///< why they run commands only
  std::optional<std::string> kvm_problem = vm_problem;       ///< why they are slow
};

struct TierChoice {
  std::optional<Tier> wanted = {};  ///< unset: auto
  bool allow_unsandboxed = false;
};

/// The tier to use. The error is a sentence that says why there is none and what to do. Pure: `none` never
/// comes by itself.
std::expected<Tier, std::string> choose_tier(const TierChoice& choice, const HostFacts& facts);

/// What is to be contained.
struct Work {
  bool for_owner = true;
  bool is_command = false;  ///< a command of /run; else an agent
};

/// The tier for a piece of work, where `usual` is choose_tier()'s. With `auto`, commands and what is done for
/// others than the owners have a machine of their own where machines are quick (KVM) and an image for them
/// was made. Pure.
Tier tier_for(const Work& work, Tier usual, const TierChoice& choice, const HostFacts& facts);

/// Why the tier cannot be had here; nullopt when it can.
std::optional<std::string> tier_problem(Tier tier, const TierChoice& choice, const HostFacts& facts);

}  // namespace butler::sandbox
