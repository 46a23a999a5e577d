#pragma once

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mcp_wrappers/inventory.hpp"
#include "mcp_wrappers/run.hpp"

namespace butler::mcp_wrappers {

/// What making a wrapper depends on beside the files.
struct Site {
  Places places;
  std::optional<process::SystemUser> user;  ///< who runs servers, when we are root: who runs the agent too
  std::map<std::string, std::string>
      variables;         ///< of our own, of which a server gets those that it asks for
  std::string mcporter;  ///< its version
};

/// A folder for the files of one run, which goes with everything in it at the end. The user that runs servers
/// can write to it.
class Workshop {
 public:
  /// Throws std::system_error.
  explicit Workshop(const Site& site);
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  ~Workshop();

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

/// Removes what runs that were killed have left behind.
void clear_workshops(const Places& places);

enum class Types { write, skip };

/// A wrapper that is complete and has shown its help, and is not in its place yet.
struct Made {
  std::string launcher;
  std::string program;
  std::optional<std::string> types;
  std::vector<std::string> warnings;
};

/// Says what is being done: "asking the server", "bundling".
using Telling = std::function<void(const char* step)>;

/// Makes a wrapper: starts the server, to learn what it can. The error is what follows a colon.
std::expected<Made, std::string> make_wrapper(const Site& site, const Target& target, const Server& server,
                                              Types types, const Telling& tell);

/// The commands that make_wrapper() runs, for people to read.
std::vector<std::string> commands_for(const Site& site, const Target& target, Types types);

/// Moves what was made to its places, each file in whole or not at all; the wrapper last. Throws
/// std::system_error.
void put_in_place(const Places& places, const std::string& name, const Made& made);

/// What a wrapper and its server say when they are tried.
struct Trial {
  std::string problem;             ///< "" when both have answered
  std::vector<std::string> tools;  ///< of the server
};

/// Calls the wrapper's --help as the agent would, and asks the server for its tools.
Trial try_wrapper(const Site& site, const Target& target, const Server& server);

}  // namespace butler::mcp_wrappers
