#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace butler::vm_sandbox {

/// A folder or file of the host that is copied into a guest, at the same path.
struct GuestTree {
  std::string path;       ///< without links
  bool writable = false;  ///< whether it is the guest's user's; else root's, and readable
  bool returned = false;  ///< whether what becomes of it is brought back; it is a folder then

  bool operator==(const GuestTree&) const = default;
};

/// A symbolic link in a guest.
struct GuestLink {
  std::string path;
  std::string target;

  bool operator==(const GuestLink&) const = default;
};

/// What the process that keeps a job's machine (vm_run.hpp) is told by the one that starts it.
struct RunPlan {
  std::int64_t parent = 0;  ///< the starter's process number
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string workspace;         ///< the same path inside and outside, without links
  std::vector<GuestTree> trees;  ///< besides the workspace
  std::vector<GuestLink> links;
  std::vector<std::string> kept;  ///< what the guest must not change, relative to the workspace
  bool merge_errors = false;      ///< whether the error output goes to the standard output
  std::int64_t memory_mib = 0;
  std::int64_t workspace_mib = 0;
  std::string store;         ///< `<home>/vm`
  std::string image_kind;    ///< image_kind_name()
  std::string image_digest;  ///< of such an image there
  std::string folder;        ///< this machine's own; the services listen there

  bool operator==(const RunPlan&) const = default;
};

std::string encode(const RunPlan& plan);
/// The error is a sentence.
std::expected<RunPlan, std::string> decode_run_plan(std::string_view text);

/// The unix socket in a machine's folder that it reaches as 127.0.0.1:3128.
inline std::filesystem::path services_in(const std::filesystem::path& folder) { return folder / "services"; }

}  // namespace butler::vm_sandbox
