#pragma once

#include <sys/types.h>

#include <set>

/// Processes that outlived the child of ours that started them. As a subreaper this process becomes their
/// parent, so that they can be ended and none stays a zombie.
namespace butler::cli {

/// PR_SET_CHILD_SUBREAPER for this process.
void adopt_orphans();

/// Reaps the adopted ones that have ended. `own` are our children: they are left alone.
void reap_orphans(const std::set<pid_t>& own);

/// Kills (SIGKILL) the adopted ones and their descendants, and reaps them.
void kill_orphans(const std::set<pid_t>& own);

}  // namespace butler::cli
