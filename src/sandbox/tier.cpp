#include "sandbox/tier.hpp"

namespace butler::sandbox {

std::string tier_name(Tier tier) {
  switch (tier) {
    case Tier::vm: return "vm";
    case Tier::bwrap: return "bwrap";
    case Tier::landlock: return "landlock";
    case Tier::none: return "none";
  }
  return "?";
}

std::optional<std::string> tier_problem(Tier tier, const TierChoice& choice, const HostFacts& facts) {
  if (facts.is_root) {
    return "a sandbox is never started as root, whom its limits do not hold: start Butler through 'butler "
           "up' or "
           "as another user";
  }
  switch (tier) {
    case Tier::vm: return facts.vm_problem;
    case Tier::bwrap: return facts.bwrap_problem;
    case Tier::landlock:
      if (facts.ptrace_scope > most_ptrace_scope) {
        return "kernel.yama.ptrace_scope is " + std::to_string(facts.ptrace_scope) +
               ", under which nobody may look at an agent's calls: sysctl kernel.yama.ptrace_scope=1";
      }
      if (facts.landlock_version >= least_landlock) return std::nullopt;
      if (facts.landlock_version == 0) return "the kernel has no Landlock (Linux 6.12 or newer is needed)";
      return "the kernel's Landlock is of version " + std::to_string(facts.landlock_version) +
             ", which cannot restrict both the network and signals; version 6 (Linux 6.12) is needed";
    case Tier::none:
      if (choice.allow_unsandboxed) return std::nullopt;
      return "running without a sandbox has to be allowed by WORKER_ALLOW_UNSANDBOXED=true as well";
  }
  return "unknown";
}

std::expected<Tier, std::string> choose_tier(const TierChoice& choice, const HostFacts& facts) {
  if (choice.wanted) {
    const auto problem = tier_problem(*choice.wanted, choice, facts);
    if (!problem) return *choice.wanted;
    return std::unexpected("WORKER_SANDBOX=" + tier_name(*choice.wanted) + " cannot be had: " + *problem);
  }
  const auto bwrap = tier_problem(Tier::bwrap, choice, facts);
  if (!bwrap) return Tier::bwrap;
  const auto landlock = tier_problem(Tier::landlock, choice, facts);
  if (!landlock) return Tier::landlock;
  if (facts.is_root) return std::unexpected(*bwrap);
  return std::unexpected("agents cannot be contained on this machine. bwrap: " + *bwrap + ". landlock: " +
                         *landlock + ". Mend one of the two, or see docs/operations.md for the other tiers.");
}

Tier tier_for(const Work& work, Tier usual, const TierChoice& choice, const HostFacts& facts) {
  if (choice.wanted || facts.is_root || facts.vm_problem || facts.kvm_problem) return usual;
  if (work.is_command) return Tier::vm;
  return work.for_owner || facts.vm_agent_problem ? usual : Tier::vm;
}

}  // namespace butler::sandbox
