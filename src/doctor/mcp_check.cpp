#include <filesystem>
#include <utility>

#include "doctor/checks.hpp"
#include "doctor/file_check.hpp"
#include "mcp_host/configuration_file.hpp"
#include "mcp_wrappers/inventory.hpp"
#include "mcp_wrappers/places.hpp"

namespace butler::doctor {

namespace fs = std::filesystem;

namespace {

void look_at_wrappers(const Context& context, McpFacts& facts) {
  const auto places = mcp_wrappers::find_places(context.loaded);
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
