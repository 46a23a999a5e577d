#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "cli/command_line.hpp"
#include "config/load.hpp"

namespace butler::cli {

/// What `add` is given: a program with its arguments and variables, or an address.
struct McpEntry {
  std::string name;
  std::string command;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  ///< NAME: its value is the caller's; NAME=VALUE
  std::string url;
  std::string description;
  long timeout_ms = 0;  ///< 0: the usual
  bool no_types = false;
};

struct McpSync {
  std::vector<std::string> targets;  ///< empty: all
  bool dry_run = false;
  bool skip_types = false;
};

/// Writes config/mcporter.json and config/mcp-clis.json.
int init_mcp(const config::Loaded& loaded, bool force, Format format, std::ostream& out);

/// What wrappers there should be, and what there is.
int list_mcp(const config::Loaded& loaded, Format format, std::ostream& out);

/// Makes the wrappers. The exit status is 1 when one of them could not be made, 75 when another run is at it.
int sync_mcp(const config::Loaded& loaded, const McpSync& options, Format format, std::ostream& out);

int add_mcp(const config::Loaded& loaded, const McpEntry& entry, Format format, std::ostream& out);

/// Takes away a target, its server and its wrapper.
int remove_mcp(const config::Loaded& loaded, const std::string& name, Format format, std::ostream& out);

/// Calls a wrapper and asks its server what it can.
int test_mcp(const config::Loaded& loaded, const std::string& name, Format format, std::ostream& out);

/// `butler mcp …`
void add_mcp_commands(CLI::App& app, Action& chosen);

}  // namespace butler::cli
