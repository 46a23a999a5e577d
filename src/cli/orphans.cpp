#include "cli/orphans.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "process/process_tree.hpp"

namespace butler::cli {

namespace {

std::vector<process::ProcessEntry> list_orphans(const std::set<pid_t>& own) {
  std::vector<process::ProcessEntry> orphans;
  for (const auto& entry : process::list_processes()) {
    if (entry.parent == ::getpid() && !own.contains(entry.pid)) orphans.push_back(entry);
  }
  return orphans;
}

}  // namespace

void adopt_orphans() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
    throw std::system_error(errno, std::generic_category(), "PR_SET_CHILD_SUBREAPER");
  }
}

void reap_orphans(const std::set<pid_t>& own) {
  for (const auto& orphan : list_orphans(own)) {
    if (orphan.state == 'Z') ::waitpid(orphan.pid, nullptr, WNOHANG);
  }
}

void kill_orphans(const std::set<pid_t>& own) {
  for (const auto& orphan : list_orphans(own)) {
    process::kill_descendants(orphan.pid);
    ::waitpid(orphan.pid, nullptr, 0);
  }
}

}  // namespace butler::cli
