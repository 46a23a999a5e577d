#pragma once

#include <filesystem>
#include <vector>

#include "config/load.hpp"

/// Command-line wrappers for MCP servers: what `butler mcp` does. mcporter writes a program for each server
/// that the manifest names, and the agent calls it from its shell. See docs/mcp.md.
namespace butler::mcp_wrappers {

/// Where everything lies. All paths are absolute.
struct Places {
  std::filesystem::path manifest;  ///< mcp-clis.json: which wrappers there are
  std::filesystem::path servers;   ///< mcporter.json: the servers, as mcporter has them
  std::filesystem::path bin;       ///< the wrappers themselves, first on an agent's PATH
  std::filesystem::path lib;       ///< the program of each: NAME.mjs
  std::filesystem::path types;     ///< the tools' types: NAME.d.ts
  std::filesystem::path runtime;   ///< the pinned node and mcporter

  std::filesystem::path node() const { return runtime / "bin/node"; }
  std::filesystem::path mcporter() const { return runtime / "node_modules/mcporter/dist/cli.js"; }
  /// Where the files of a run are made before they are moved to their places.
  std::filesystem::path workshop() const { return bin.parent_path(); }
};

/// The two files are in the folder `config`; `bin` is BUTLER_MCP_BIN_DIR.
Places make_places(const std::filesystem::path& config, const std::filesystem::path& bin,
                   const std::filesystem::path& runtime);

/// Of this machine: `config` of the checkout whose home this is, else of the home; the runtime is the one
/// that PI_BINARY's pi is in, so that the agent sees it, else the home's.
Places find_places(const config::Loaded& loaded);

/// The folders that an agent has to see, to read only, so that the wrappers in `bin` work. The last one is
/// for programs of servers that its owner installs there.
std::vector<std::filesystem::path> folders_for_agents(const std::filesystem::path& bin);

}  // namespace butler::mcp_wrappers
