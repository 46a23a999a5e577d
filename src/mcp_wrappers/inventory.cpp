#include "mcp_wrappers/inventory.hpp"

#include <algorithm>
#include <set>

#include "digest/sha256.hpp"
#include "files/folder.hpp"
#include "files/small_file.hpp"
#include "files/trusted_file.hpp"
#include "json/value.hpp"
#include "mcp_wrappers/names.hpp"

namespace butler::mcp_wrappers {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_launcher = 65'536;
constexpr std::size_t longest_program = std::size_t{64} << 20U;
constexpr std::string_view program_ending = ".mjs";
constexpr std::string_view types_ending = ".d.ts";

std::expected<std::string, std::string> read_config_file(const fs::path& file) {
  auto text = files::read_trusted_file(file, files::Holds::settings);
  if (!text) return std::unexpected(file.string() + " cannot be used: " + text.error());
  if (!*text) return std::unexpected("there is no " + file.string() + "; `butler mcp init` makes one");
  return **std::move(text);
}

std::string text_of(const fs::path& file, std::size_t limit) {
  auto read = files::read_small_file(file, limit, files::Links::refuse);
  return read ? std::move(read->text) : std::string{};
}

bool is_regular(const fs::path& file) {
  std::error_code missing;
  return fs::is_regular_file(fs::symlink_status(file, missing));
}

WrapperState state_of(const Places& places, const Target& target, const Server& server,
                      std::string_view mcporter) {
  const auto launcher = text_of(places.bin / target.name, longest_launcher);
  const auto program = places.lib / (target.name + std::string{program_ending});
  const auto made_of = read_digests(launcher);
  if (!made_of) return WrapperState::missing;
  const Digests expected{.inputs = digest_inputs(target, server, mcporter), .program = made_of->program};
  const bool same = launcher == render_launcher(target, server, places.node(), program, expected) &&
                    digest::sha256_hex(text_of(program, longest_program)) == made_of->program;
  return same ? WrapperState::present : WrapperState::stale;
}

bool is_our_file(const fs::path& file) { return is_marked_as_ours(text_of(file, longest_program)); }

/// BUTLER_MCP_BIN_DIR may be a folder that is not ours alone, and so may those beside it.
void add_names(const fs::path& folder, std::string_view ending, std::set<std::string>& names) {
  for (const auto& name : files::names_in(folder)) {
    if (name.ends_with(ending) && is_our_file(folder / name))
      names.insert(name.substr(0, name.size() - ending.size()));
  }
}

}  // namespace

std::expected<Wanted, std::string> read_wanted(const Places& places) {
  const auto manifest = read_config_file(places.manifest);
  if (!manifest) return std::unexpected(manifest.error());
  const auto configuration = read_config_file(places.servers);
  if (!configuration) return std::unexpected(configuration.error());
  auto targets = parse_manifest(*manifest);
  if (!targets)
    return std::unexpected(places.manifest.string() + ": " + targets.error() + "; see docs/mcp.md");
  auto servers = parse_servers(*configuration);
  if (!servers)
    return std::unexpected(places.servers.string() + ": " + servers.error() + "; see docs/mcp.md");
  return Wanted{.targets = *std::move(targets), .servers = *std::move(servers)};
}

std::expected<std::string, std::string> mcporter_version(const Places& places) {
  const auto file = places.runtime / "node_modules/mcporter/package.json";
  const auto value = json::parse(text_of(file, longest_launcher));
  const auto version = value ? json::find_string(*value, "version") : std::string_view{};
  if (version.empty())
    return std::unexpected("there is no mcporter in " + places.runtime.string() +
                           "; butler runtime install installs it");
  return std::string{version};
}

std::string_view state_name(WrapperState state) {
  switch (state) {
    case WrapperState::present: return "present";
    case WrapperState::stale: return "stale";
    case WrapperState::missing: return "missing";
  }
  return "missing";
}

std::string system_search_path(const Places& places) {
  return "/usr/local/bin:/usr/bin:/bin:" + (places.runtime / "bin").string();
}

std::optional<std::string> target_problem(const Places& places, const Wanted& wanted, const Target& target) {
  if (!wanted.servers.contains(target.selector))
    return "there is no server \"" + target.selector + "\" in " + places.servers.string();
  const auto path = system_search_path(places) + ":/usr/local/sbin:/usr/sbin:/sbin";
  if (auto problem = shadowing_problem(target.name, path)) return problem;
  const auto wrapper = places.bin / target.name;
  std::error_code missing;
  if (fs::exists(fs::symlink_status(wrapper, missing)) && !read_digests(text_of(wrapper, longest_launcher)))
    return wrapper.string() + " is there and was not made by `butler mcp sync`: move it away";
  for (const auto& file : {places.lib / (target.name + std::string{program_ending}),
                           places.types / (target.name + std::string{types_ending})}) {
    if (fs::exists(fs::symlink_status(file, missing)) && !is_our_file(file))
      return file.string() + " is there and was not made by `butler mcp sync`: move it away";
  }
  return std::nullopt;
}

std::vector<std::string> find_orphans(const Places& places, const std::vector<Target>& targets) {
  std::set<std::string> names;
  for (const auto& name : files::names_in(places.bin)) {
    if (read_digests(text_of(places.bin / name, longest_launcher))) names.insert(name);
  }
  add_names(places.lib, program_ending, names);
  add_names(places.types, types_ending, names);
  for (const auto& target : targets) names.erase(target.name);
  std::erase_if(names, [](const std::string& name) { return spelling_problem(name).has_value(); });
  return {names.begin(), names.end()};
}

Inventory take_inventory(const Places& places, const Wanted& wanted, std::string_view mcporter) {
  Inventory inventory{.targets = {}, .orphans = find_orphans(places, wanted.targets)};
  for (const auto& target : wanted.targets) {
    ListedTarget listed{.target = target};
    listed.types = is_regular(places.types / (target.name + std::string{types_ending}));
    listed.problem = target_problem(places, wanted, target).value_or("");
    const auto server = wanted.servers.find(target.selector);
    if (server != wanted.servers.end()) {
      listed.state = state_of(places, target, server->second, mcporter);
    } else if (read_digests(text_of(places.bin / target.name, longest_launcher))) {
      listed.state = WrapperState::stale;
    }
    inventory.targets.push_back(std::move(listed));
  }
  return inventory;
}

void remove_wrapper(const Places& places, const std::string& name) {
  if (spelling_problem(name)) return;
  const auto wrapper = places.bin / name;
  if (read_digests(text_of(wrapper, longest_launcher))) fs::remove(wrapper);
  for (const auto& file : {places.lib / (name + std::string{program_ending}),
                           places.types / (name + std::string{types_ending})}) {
    if (is_our_file(file)) fs::remove(file);
  }
}

}  // namespace butler::mcp_wrappers
