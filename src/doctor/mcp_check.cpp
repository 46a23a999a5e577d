#include <filesystem>
#include <utility>

#include "doctor/checks.hpp"
#include "doctor/file_check.hpp"
#include "doctor/runtime_check.hpp"
#include "mcp_host/configuration_file.hpp"
#include "mcp_wrappers/inventory.hpp"

namespace butler::doctor {

namespace fs = std::filesystem;

namespace {

/// As `butler mcp` has them.
mcp_wrappers::Places places_of_wrappers(const Context& context) {
  const auto& place = context.loaded.place;
  const auto base = config::is_checkout(place.working_directory) ? place.working_directory : place.home;
  fs::path runtime = runtime_folder(*context.worker);
  std::error_code missing;
  if (runtime.empty() || !fs::exists(runtime / "node_modules/mcporter", missing))
    runtime = place.default_runtime;
  return mcp_wrappers::make_places(base / "config", context.worker->mcp_bin_dir, runtime);
}

void look_at_wrappers(const Context& context, McpFacts& facts) {
  const auto places = places_of_wrappers(context);
  facts.clis_file = places.manifest.string();
  facts.bin_folder = places.bin.string();
  std::error_code missing;
  if (!fs::exists(places.manifest, missing)) return;
  const auto wanted = mcp_wrappers::read_wanted(places);
  if (!wanted) {
    facts.clis_fault = wanted.error();  // of either file; it names the one
    return;
  }
  const auto mcporter = mcp_wrappers::mcporter_version(places);
  if (!mcporter) {
    facts.clis_fault = mcporter.error();
    return;
  }
  auto inventory = mcp_wrappers::take_inventory(places, *wanted, *mcporter);
  for (auto& one : inventory.targets) {
    ++facts.targets;
    if (!one.problem.empty()) {
      facts.impossible.push_back(one.target.name + ": " + one.problem);
    } else if (one.state == mcp_wrappers::WrapperState::missing) {
      facts.missing.push_back(one.target.name);
    } else if (one.state == mcp_wrappers::WrapperState::stale) {
      facts.stale.push_back(one.target.name);
    }
  }
  facts.orphaned = std::move(inventory.orphans);
}

}  // namespace

boost::asio::awaitable<Findings> check_mcp(const Context& context) {
  McpFacts facts{.hosts_file = mcp_host::configuration_path(context.home()).string()};
  {
    // As the worker reads it.
    const AsUser agent(context.agent);
    const auto servers = mcp_host::ConfigurationFile::open(facts.hosts_file);
    if (!servers) facts.hosts_fault = servers.error();
  }
  if (context.worker) look_at_wrappers(context, facts);
  co_return judge_mcp(facts);
}

}  // namespace butler::doctor
