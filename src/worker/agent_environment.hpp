#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.hpp"

namespace butler::worker {

/// Where the agent's own files lie: `<home>/agent`.
struct AgentHome {
  std::filesystem::path folder;     ///< pi's configuration: models, settings
  std::filesystem::path user_home;  ///< the agent's $HOME
  std::filesystem::path scratch;    ///< holds one folder for each running agent
  std::filesystem::path tool_gate;  ///< the extension that asks before tool calls
};

/// Makes the folders, writes the gate, and pi's settings if there are none. Throws std::system_error.
AgentHome prepare_agent_home(const std::filesystem::path& butler_home);

/// Why the workspace must not be given to an agent: nullopt when it may.
std::optional<std::string> workspace_problem(const config::WorkerSettings& settings);

/// A folder for the temporary files of one agent process or command, removed with its content at the end. Its
/// path, in TMPDIR, also marks the processes that belong to it.
class Scratch {
 public:
  explicit Scratch(const std::filesystem::path& parent);
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();

  const std::filesystem::path& folder() const { return folder_; }

  /// SIGKILL for every process that still has this folder as its TMPDIR: what the agent left running in
  /// sessions of its own.
  void kill_strays() const;

 private:
  std::filesystem::path folder_;
};

/// Whether a process may see the provider's keys: pi needs them, a command does not.
enum class ProviderKeys : std::uint8_t { given, withheld };

/// The whole environment of an agent process, built from nothing: never the worker's own.
std::vector<std::string> agent_environment(const config::WorkerSettings& settings, const AgentHome& home,
                                           const std::filesystem::path& scratch, ProviderKeys keys);

}  // namespace butler::worker
