#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "process/child_process.hpp"

namespace butler::sandbox {

/// How much one sandbox may use. Zero means no limit.
struct Limits {
  std::uint64_t memory_bytes = std::uint64_t{2} << 30U;       ///< of each process, and of all together
  std::uint64_t processes = 256;                              ///< processes and threads
  std::uint64_t file_bytes = std::uint64_t{512} << 20U;       ///< of one file
  std::uint64_t temporary_bytes = std::uint64_t{256} << 20U;  ///< of /tmp
  std::uint64_t workspace_bytes = std::uint64_t{4} << 30U;    ///< of all that is writable on disk
  std::uint64_t open_files = 4'096;                           ///< of each process

  bool operator==(const Limits&) const = default;
};

/// What a host tool may execute later, by being in the folder: nobody inside may write these, whether they
/// are there or not. (.git/commondir names another folder with hooks and configuration. Submodules and linked
/// worktrees that are there already can be worked in: see git_places.hpp.)
inline const std::vector<std::string> default_protected_names{".git/hooks",
                                                              ".git/config",
                                                              ".git/config.worktree",
                                                              ".git/commondir",
                                                              ".git/modules",
                                                              ".git/worktrees",
                                                              ".pi",
                                                              ".envrc",
                                                              ".vscode",
                                                              ".mcp.json"};

/// A program, and what it may have. Paths are absolute, and the same inside and outside.
struct Spec {
  std::vector<std::string> arguments;    ///< arguments[0] is looked up on the environment's PATH, inside
  std::vector<std::string> environment;  ///< all of it, NAME=VALUE
  /// What goes into the environment besides, once the listener's port is known.
  std::function<std::vector<std::string>(std::uint16_t port)> listener_environment = {};
  std::filesystem::path workspace = {};                ///< writable; the current folder
  std::vector<std::filesystem::path> read_only = {};   ///< what is missing is left out
  std::vector<std::filesystem::path> read_write = {};  ///< has to be there
  /// Folders of read_write that outlive the program: a tier that works on copies brings them back.
  std::vector<std::filesystem::path> returned = {};
  std::vector<std::string> protected_names = default_protected_names;  ///< relative to the workspace
  Limits limits = {};
  process::Stdin stdin_mode = process::Stdin::pipe;
  process::Stdout stdout_mode = process::Stdout::pipe;
  process::Stderr stderr_mode = process::Stderr::pipe;
};

}  // namespace butler::sandbox
