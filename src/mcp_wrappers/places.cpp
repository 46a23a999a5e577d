#include "mcp_wrappers/places.hpp"

#include <system_error>

#include "config/paths.hpp"

namespace butler::mcp_wrappers {

namespace fs = std::filesystem;

namespace {

std::string value_of(const config::Environment& environment, const char* name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second.value;
}

fs::path runtime_of_agent(const config::Loaded& loaded) {
  const auto command = value_of(loaded.environment, "PI_BINARY");
  const fs::path program = command.substr(0, command.find(' '));
  const auto runtime = program.parent_path().parent_path();
  std::error_code missing;
  if (program.is_absolute() && fs::exists(runtime / "node_modules/mcporter", missing)) return runtime;
  return loaded.place.default_runtime;
}

/// The folder that holds `config`. It follows the home as the wrappers do, not the folder that the command is
/// started in: else `sync` would remove the wrappers that the home's own files ask for.
fs::path config_owner(const fs::path& home) {
  const auto around = home.parent_path();
  return home.filename() == config::checkout_home && config::is_checkout(around) ? around : home;
}

}  // namespace

Places make_places(const fs::path& config, const fs::path& bin, const fs::path& runtime) {
  const auto beside = bin.parent_path();
  return {.manifest = config / "mcp-clis.json",
          .servers = config / "mcporter.json",
          .bin = bin,
          .lib = beside / "lib",
          .types = beside / "types",
          .runtime = runtime};
}

Places find_places(const config::Loaded& loaded) {
  const auto& place = loaded.place;
  const auto named = value_of(loaded.environment, "BUTLER_MCP_BIN_DIR");
  const auto bin =
      named.empty() ? place.home / "mcp/bin" : config::absolute_path(place.working_directory, named);
  return make_places(config_owner(place.home) / "config", bin, runtime_of_agent(loaded));
}

std::vector<fs::path> folders_for_agents(const fs::path& bin) {
  const auto beside = bin.parent_path();
  return {bin, beside / "lib", beside / "types", beside / "servers"};
}

}  // namespace butler::mcp_wrappers
