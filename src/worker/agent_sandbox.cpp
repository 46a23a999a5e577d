#include "worker/agent_sandbox.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <system_error>
#include <utility>

#include "config/runtime.hpp"
#include "mcp_wrappers/places.hpp"
#include "vm_sandbox/vm_sandbox.hpp"

namespace butler::worker {

namespace fs = std::filesystem;

namespace {

/// The runtime that has this program in its bin: tools/setup/runtime.sh makes it so.
fs::path runtime_of(const fs::path& program) {
  const auto runtime = program.parent_path().parent_path();
  std::error_code missing;
  const bool is_one =
      program.parent_path().filename() == "bin" && fs::is_directory(runtime / "node_modules", missing);
  return is_one ? runtime : fs::path{};
}

/// What pi's own command line names: its runtime, or file by file what PI_BINARY says.
void add_program(std::vector<fs::path>& paths, const std::vector<std::string>& command) {
  for (const fs::path word : command) {
    if (!word.is_absolute()) continue;
    const auto runtime = runtime_of(word);
    std::error_code missing;
    if (!runtime.empty()) {
      paths.push_back(runtime);
    } else if (fs::is_regular_file(word, missing)) {
      paths.push_back(word);
    }
  }
}

/// Where `butler vm` keeps its image.
fs::path machine_store(const config::WorkerSettings& settings) { return settings.home / "vm"; }

}  // namespace

sandbox::TierChoice tier_choice(const config::SandboxSettings& settings) {
  sandbox::TierChoice choice{.allow_unsandboxed = settings.allow_unsandboxed};
  for (const auto tier :
       {sandbox::Tier::vm, sandbox::Tier::bwrap, sandbox::Tier::landlock, sandbox::Tier::none}) {
    if (sandbox::tier_name(tier) == settings.tier) choice.wanted = tier;
  }
  return choice;
}

sandbox::HostFacts host_facts(const config::WorkerSettings& settings, const sandbox::InitProgram& init,
                              const fs::path& trial_folder) {
  auto facts = sandbox::look_at_host(init, trial_folder);
  facts.vm_problem = vm_sandbox::vm_problem(machine_store(settings));
  for (const auto& path : settings.sandbox.read_only_paths) {
    if ((path.native() + '/').starts_with("/usr/")) {
      facts.vm_problem = "WORKER_READ_ONLY_PATHS names " + path.string() +
                         ", but /usr in a virtual machine is its image's own: leave it out";
    }
  }
  facts.vm_agent_problem = vm_agent_problem(settings);
  facts.kvm_problem = vm_sandbox::kvm_problem();
  return facts;
}

std::optional<std::string> vm_agent_problem(const config::WorkerSettings& settings) {
  for (const fs::path word : settings.pi_command) {
    const auto runtime = word.is_absolute() ? runtime_of(word) : fs::path{};
    if (!runtime.empty()) return vm_sandbox::vm_agent_problem(machine_store(settings), runtime);
  }
  return "PI_BINARY is not in a runtime folder with node and pi, which is what a virtual machine's image "
         "holds";
}

std::expected<AgentSandboxes, std::string> AgentSandboxes::open(
    const config::WorkerSettings& settings, sandbox::InitProgram init, const fs::path& trial_folder,
    std::shared_ptr<sandbox::ControlGroups> groups) {
  AgentSandboxes sandboxes(tier_choice(settings.sandbox), host_facts(settings, init, trial_folder));
  const auto tier = sandbox::choose_tier(sandboxes.choice_, sandboxes.facts_);
  if (!tier) return std::unexpected(tier.error());
  sandboxes.machines_ = vm_sandbox::make_vm_sandbox(machine_store(settings));
  if (*tier != sandbox::Tier::vm) {
    sandboxes.shared_kernel_ = sandbox::make_sandbox(*tier, std::move(init), std::move(groups));
  }
  return sandboxes;
}

sandbox::Sandbox& AgentSandboxes::for_work(const sandbox::Work& work) const {
  const auto tier = sandbox::tier_for(work, usual().tier(), choice_, facts_);
  return tier == sandbox::Tier::vm ? *machines_ : *shared_kernel_;
}

bool AgentSandboxes::adds_machines() const {
  return &for_work({.for_owner = false, .is_command = true}) != &usual();
}

sandbox::Spec agent_spec(const config::WorkerSettings& settings, const AgentHome& home,
                         const fs::path& workspace, const fs::path& scratch) {
  sandbox::Spec spec{.arguments = {}, .environment = {}};
  spec.workspace = workspace;
  spec.read_write = {scratch};
  spec.read_only = {home.tool_gate, home.send_file, home.commands};
  // Its link could lead to what the agent must not see.
  const auto runtime = settings.home / "runtime";
  if (!config::find_runtime_fault(runtime)) spec.read_only.push_back(runtime);
  std::ranges::copy(mcp_wrappers::folders_for_agents(settings.mcp_bin_dir),
                    std::back_inserter(spec.read_only));
  for (const char* const name : {"skills", "prompts", "SYSTEM.md"})
    spec.read_only.push_back(home.folder / name);
  add_program(spec.read_only, settings.pi_command);
  const auto& more = settings.sandbox.read_only_paths;
  spec.read_only.insert(spec.read_only.end(), more.begin(), more.end());
  spec.limits.memory_bytes = settings.sandbox.memory_bytes;
  spec.limits.processes = settings.sandbox.processes;
  spec.limits.workspace_bytes = settings.sandbox.workspace_bytes;
  return spec;
}

}  // namespace butler::worker
