#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "sandbox/covered_names.hpp"
#include "sandbox/init/handle.hpp"

namespace butler::sandbox {

/// Where a path leads: a folder that is held open, and a name in it. Nobody but this process moves anything
/// for the agent, so it stays what it is until the next call.
struct Place {
  Handle folder;
  std::string name;  ///< "." for the folder itself
};

enum class Links { follow, stay };

/// Walks a path from a folder, as the kernel would for the agent; a link at its end only where it is to be
/// followed. No link of /proc to an open file is followed. Throws Refusal.
Place locate(const Handle& from, std::string path, Links at_the_end);

/// What is there itself, never what a link there leads to. Throws Refusal.
Handle hold(const Place& place);
bool is_there(const Place& place);

/// What the agent may change: folders, and names in the workspace that nobody inside may touch.
class Grounds {
 public:
  /// `covered` are relative to the workspace. Folders that are missing are left out.
  Grounds(const std::string& workspace, CoveredNames covered, const std::vector<std::string>& writable);

  Relation relation(const Place& place) const;
  /// Whether it lies in a folder that the agent may change.
  bool is_inside(const Place& place) const;

 private:
  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const Identity&) const = default;
  };
  static Identity identity(int folder);
  /// Calls `visit` with each folder from this one up to the root, and the names that were left behind.
  template <class Visit>
  static void climb(const Place& place, Visit visit);

  Identity workspace_;
  CoveredNames covered_;
  std::vector<Identity> writable_;
};

}  // namespace butler::sandbox
