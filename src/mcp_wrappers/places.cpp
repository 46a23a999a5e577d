#include "mcp_wrappers/places.hpp"

namespace butler::mcp_wrappers {

namespace fs = std::filesystem;

Places make_places(const fs::path& config, const fs::path& bin, const fs::path& runtime) {
  const auto beside = bin.parent_path();
  return {.manifest = config / "mcp-clis.json",
          .servers = config / "mcporter.json",
          .bin = bin,
          .lib = beside / "lib",
          .types = beside / "types",
          .runtime = runtime};
}

std::vector<fs::path> folders_for_agents(const fs::path& bin) {
  const auto beside = bin.parent_path();
  return {bin, beside / "lib", beside / "types", beside / "servers"};
}

}  // namespace butler::mcp_wrappers
