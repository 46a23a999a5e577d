#pragma once

#include <string>
#include <vector>

#include "sandbox/mounts.hpp"

namespace butler::sandbox {

/// A file of /etc that is made for the sandbox.
struct MadeFile {
  std::string path;
  std::string content;

  bool operator==(const MadeFile&) const = default;
};

/// passwd, group, hosts and nsswitch.conf: this user and nobody else, this machine and no name server.
std::vector<MadeFile> made_files(unsigned user, unsigned group, const std::string& home);

/// What bubblewrap has to read from descriptors, in their order: the made files, and an empty one for every
/// file that only covers a name.
std::vector<std::string> data_contents(const MountPlan& plan, const std::vector<MadeFile>& files);

/// bubblewrap's command line, up to and with `--`: namespaces, mounts, and what ends with what. It reads
/// data_contents() from the descriptors that begin with `first_descriptor`. Pure.
std::vector<std::string> bwrap_arguments(const std::string& bwrap, const MountPlan& plan,
                                         const Limits& limits, const std::vector<MadeFile>& files,
                                         int first_descriptor);

}  // namespace butler::sandbox
