#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "files/descriptor.hpp"
#include "worker/private_files.hpp"

namespace butler::worker {

/// Where the agents' files lie: `<home>/agent`.
struct AgentHome {
  std::filesystem::path folder;     ///< the user's configuration of pi: models, settings, skills
  std::filesystem::path user_home;  ///< the agent's $HOME
  std::filesystem::path scratch;    ///< holds one folder for each running agent
  std::filesystem::path tool_gate;  ///< the extension that asks before tool calls
  std::filesystem::path send_file;  ///< the extension with the tool that sends files
  std::filesystem::path commands;   ///< programs of Butler's for agents, on their PATH: send-file
};

/// Makes the folders, writes the extensions and commands, and pi's settings if there are none. Throws
/// std::system_error.
AgentHome prepare_agent_home(const std::filesystem::path& butler_home);

/// Why the workspace must not be given to an agent: nullopt when it may.
std::optional<std::string> workspace_problem(const config::WorkerSettings& settings);

/// A folder for the temporary files of one agent process or command, removed with its content at the end. Its
/// path, in TMPDIR, also marks the processes that belong to it. It is locked while its worker lives.
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
  files::Descriptor lock_;
};

/// Ends what workers that were killed have left running, and removes their scratch folders. Those of workers
/// that live are left alone.
void clear_abandoned_scratch(const std::filesystem::path& parent);

/// Makes the folder that one pi process has for its configuration, in its scratch: the user's settings as a
/// copy, skills and templates as links. Never models.json and auth.json, which may hold keys. Throws
/// std::system_error.
std::filesystem::path make_agent_folder(const AgentHome& home, const std::filesystem::path& scratch);

/// The whole environment of a command, with a home in its scratch, built from nothing: never the worker's
/// own.
std::vector<std::string> command_environment(const config::WorkerSettings& settings, const AgentHome& home,
                                             const std::filesystem::path& scratch);

/// The same for pi, with what it needs beside it. No key is in it.
std::vector<std::string> pi_environment(const config::WorkerSettings& settings, const AgentHome& home,
                                        const std::filesystem::path& scratch,
                                        const std::filesystem::path& agent_folder);

}  // namespace butler::worker
