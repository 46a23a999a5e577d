#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sandbox/mounts.hpp"

namespace butler::sandbox {

/// A folder below .git/modules or .git/worktrees that git works in.
struct GitPlace {
  std::filesystem::path folder;      ///< relative to the workspace; writable
  std::vector<std::string> covered;  ///< names in it that lead to hooks and configuration
};

/// The repositories of submodules and the folders of linked worktrees that are there, a folder before what
/// lies in it. Nobody inside can make another one: git outside would take its hooks and configuration for the
/// user's. Some 60 at most; the others stay closed. Links are not followed. Pure.
std::vector<GitPlace> find_git_places(const std::filesystem::path& workspace, const HostFiles& files);

}  // namespace butler::sandbox
