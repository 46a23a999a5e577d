#include "mcp_wrappers/sync.hpp"

#include <algorithm>
#include <exception>

namespace butler::mcp_wrappers {

namespace fs = std::filesystem;

namespace {

/// The error is why there is no new wrapper.
std::expected<void, std::string> renew_wrapper(const Site& site, const Wanted& wanted, const Target& target,
                                               Types types, const Telling& tell, TargetReport& report) {
  if (auto problem = target_problem(site.places, wanted, target)) return std::unexpected(*std::move(problem));
  auto made = make_wrapper(site, target, wanted.servers.at(target.selector), types, tell);
  if (!made) return std::unexpected(made.error());
  put_in_place(site.places, target.name, *made);
  report.warnings = std::move(made->warnings);
  report.types = made->types.has_value();
  if (!target.emit_types) fs::remove(site.places.types / (target.name + ".d.ts"));
  return {};
}

TargetReport sync_target(const Site& site, const Wanted& wanted, const Target& target, Types types,
                         const Telling& tell) {
  const auto start = std::chrono::steady_clock::now();
  TargetReport report{.name = target.name, .problem = {}, .warnings = {}};
  try {
    const auto renewed = renew_wrapper(site, wanted, target, types, tell, report);
    if (!renewed) report.problem = renewed.error();
  } catch (const std::exception& fault) {
    report.problem = fault.what();  // of the disk: the next target has its own try
  }
  report.took =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  return report;
}

}  // namespace

bool SyncReport::failed() const {
  return std::ranges::any_of(targets, [](const TargetReport& one) { return !one.problem.empty(); });
}

std::vector<std::string> orphans_to_remove(const Places& places, const Wanted& wanted,
                                           const SyncOptions& options) {
  return options.only.empty() ? find_orphans(places, wanted.targets) : std::vector<std::string>{};
}

SyncReport sync_wrappers(const Site& site, const Wanted& wanted, const SyncOptions& options,
                         SyncListener& listener) {
  SyncReport report;
  for (const auto& target : wanted.targets) {
    const bool chosen =
        options.only.empty() || std::ranges::find(options.only, target.name) != options.only.end();
    if (!chosen) continue;
    const auto tell = [&](const char* step) { listener.on_step(target.name, step); };
    report.targets.push_back(sync_target(site, wanted, target, options.types, tell));
    listener.on_target(report.targets.back());
  }
  report.removed = orphans_to_remove(site.places, wanted, options);
  for (const auto& name : report.removed) remove_wrapper(site.places, name);
  return report;
}

}  // namespace butler::mcp_wrappers
