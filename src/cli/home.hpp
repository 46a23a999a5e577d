#pragma once

#include <filesystem>
#include <string>

#include "process/role.hpp"

namespace butler::cli {

/// The system users of tools/setup/users.sh that the roles become when root starts them.
inline constexpr const char* control_user = "butler-control";  ///< orchestrator, gateway
inline constexpr const char* agent_user = "butler";            ///< worker, agent

/// Whose folders a home started by root is made of.
struct HomeOwners {
  process::SystemUser control;
  process::SystemUser agent;
};

/// What this process makes from now on is its user's alone: umask(2).
void make_files_private();

/// The two system users. Throws std::runtime_error that says how to make them when one is missing.
HomeOwners find_home_owners();

/// Makes the home of somebody who is not root: mode 0700 when it is new.
void prepare_own_home(const std::filesystem::path& home);

/// Makes a home that root's roles share: the folder is root's, the control user may add files to it
/// (databases) but not replace those of others, everybody else walks through it to a folder of their own. The
/// agent's folders (workspace, sessions, agent, people, groups, worker, vm, mcp/host) are the agent user's,
/// mode 0700. `config`, which holds the policy, is root's, and all may read it. May be called again, and by
/// several at a time.
///
/// Throws std::runtime_error with what to do when the folder, or its `config`, belongs to somebody else, or
/// when it cannot be reached.
void prepare_shared_home(const std::filesystem::path& home, const HomeOwners& owners);

/// Either of the two, by who we are.
void prepare_home(const std::filesystem::path& home);

/// As root: makes a folder of the agent user's outside the home, if it is not there. For others: nothing.
void prepare_agent_folder(const std::filesystem::path& folder);

}  // namespace butler::cli
