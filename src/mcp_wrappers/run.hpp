#pragma once

#include <chrono>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "process/child_process.hpp"
#include "process/role.hpp"

namespace butler::mcp_wrappers {

/// A program to be run to its end.
struct Program {
  std::vector<std::string> arguments;    ///< arguments[0] is a path
  std::vector<std::string> environment;  ///< all of it
  std::filesystem::path folder;
  std::chrono::milliseconds limit;
};

/// How that went. Of each stream the first 4 MiB are kept.
struct Outcome {
  std::optional<process::ExitStatus> status;  ///< nullopt: killed at the limit
  std::string output;
  std::string errors;

  /// "" when it has succeeded, else how it ended and its last words.
  std::string problem(const Program& program) const;
};

/// The run was stopped by SIGINT or SIGTERM.
struct Interrupted {};

/// Runs the program, as `user` when we are root, with no input and no new rights (setpriv), and leaves
/// nothing of it running: whatever it started is killed when it ends, at the limit, or when this process
/// dies. Blocks. Throws Interrupted. The error is a sentence.
///
/// Makes this process the parent of what its children leave behind (PR_SET_CHILD_SUBREAPER), and kills all
/// such: it is for commands that start nothing else.
std::expected<Outcome, std::string> run_program(const Program& program,
                                                const std::optional<process::SystemUser>& user);

}  // namespace butler::mcp_wrappers
