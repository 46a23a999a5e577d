#pragma once

#include <expected>
#include <string>
#include <vector>

#include "mcp_wrappers/launcher.hpp"
#include "mcp_wrappers/places.hpp"

namespace butler::mcp_wrappers {

/// What the two files say.
struct Wanted {
  std::vector<Target> targets;
  Servers servers;
};

/// Reads both. The error is a sentence that names the file and says what to do.
std::expected<Wanted, std::string> read_wanted(const Places& places);

/// Which mcporter the runtime has. The error says how to get one.
std::expected<std::string, std::string> mcporter_version(const Places& places);

enum class WrapperState {
  present,  ///< made of what the two files say now
  stale,    ///< `sync` would make another one
  missing,
};

/// "present", "stale", "missing".
std::string_view state_name(WrapperState state);

struct ListedTarget {
  Target target;
  WrapperState state = WrapperState::missing;
  bool types = false;        ///< whether they are there
  std::string problem = {};  ///< why `sync` would fail already; "" when it may work
};

struct Inventory {
  std::vector<ListedTarget> targets;
  std::vector<std::string> orphans;  ///< wrappers of ours that no target asks for
};

/// What there should be and what there is. Starts nothing.
Inventory take_inventory(const Places& places, const Wanted& wanted, std::string_view mcporter);

/// Where an agent looks for commands behind the wrappers, and where a server's own programs are looked for.
std::string system_search_path(const Places& places);

/// Why there can be no wrapper for this target; nullopt when there may be.
std::optional<std::string> target_problem(const Places& places, const Wanted& wanted, const Target& target);

/// The names of wrappers of ours, programs and types in their places that no target asks for.
std::vector<std::string> find_orphans(const Places& places, const std::vector<Target>& targets);

/// Removes what `sync` has made for this name, the wrapper first. Files that are none of ours stay.
void remove_wrapper(const Places& places, const std::string& name);

}  // namespace butler::mcp_wrappers
