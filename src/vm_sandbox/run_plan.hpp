#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace butler::vm_sandbox {

/// What the process that keeps a job's machine (vm_run.hpp) is told by the one that starts it.
struct RunPlan {
  std::int64_t parent = 0;  ///< the starter's process number
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string workspace;             ///< the same path inside and outside, without links
  std::vector<std::string> folders;  ///< that are there inside, empty and writable
  std::vector<std::string> kept;     ///< what the guest must not change, relative to the workspace
  bool merge_errors = false;         ///< whether the error output goes to the standard output
  std::int64_t memory_mib = 0;
  std::int64_t workspace_mib = 0;
  std::string store;         ///< `<home>/vm`
  std::string image_digest;  ///< of a tiny image there
  std::string folder;        ///< this machine's own; the services listen there

  bool operator==(const RunPlan&) const = default;
};

std::string encode(const RunPlan& plan);
/// The error is a sentence.
std::expected<RunPlan, std::string> decode_run_plan(std::string_view text);

/// The unix socket in a machine's folder that it reaches as 127.0.0.1:3128.
inline std::filesystem::path services_in(const std::filesystem::path& folder) { return folder / "services"; }

}  // namespace butler::vm_sandbox
