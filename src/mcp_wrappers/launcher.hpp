#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mcp_wrappers/manifest.hpp"
#include "mcp_wrappers/servers.hpp"

namespace butler::mcp_wrappers {

/// What a wrapper was made of and consists of, as SHA-256 in hexadecimal digits.
struct Digests {
  std::string inputs;   ///< target, server, and the mcporter that has read them
  std::string program;  ///< the file NAME.mjs

  bool operator==(const Digests&) const = default;
};

/// Of all that decides how a wrapper comes out. `mcporter` names its version.
std::string digest_inputs(const Target& target, const Server& server, std::string_view mcporter);

/// The wrapper itself: a few lines of shell that start the program on the pinned node with the declared
/// variables only, and end it when it has not ended itself. The node's folder is the last on its PATH: a
/// server whose command is `node` finds one wherever the runtime lies.
std::string render_launcher(const Target& target, const Server& server, const std::filesystem::path& node,
                            const std::filesystem::path& program, const Digests& digests);

/// A program or types with a first line that says whose they are, by which they are known when they are to be
/// replaced or removed. A line for the system's loader (#!) goes.
std::string marked_as_ours(std::string_view text);
bool is_marked_as_ours(std::string_view text);

/// What a wrapper says that it was made of; nullopt for a file that is none of ours.
std::optional<Digests> read_digests(std::string_view launcher);

}  // namespace butler::mcp_wrappers
