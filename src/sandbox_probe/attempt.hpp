#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sandbox_probe/targets.hpp"

namespace butler::sandbox_probe {

enum class Result : std::uint8_t { held, open, skipped };

/// What came of an attempt, with the reason in a few words.
struct Finding {
  Result result = Result::skipped;
  std::string detail;
};

Finding held(std::string detail);
Finding open_door(std::string detail);
Finding skipped(std::string detail);

/// Of a system call: open when it succeeded (`result` is not negative), else held with errno's words.
Finding by_result(long result, const char* what);

/// Of a system call that is made with senseless arguments: open when the kernel got as far as to find them
/// senseless, held when it refused the call as such (EPERM, EACCES, ENOSYS).
Finding by_permission(long result, const char* what);

/// One door.
struct Attempt {
  const char* id;
  const char* open_means;  ///< what somebody who finds it open can do
  /// Runs in a process of its own, that may be killed for it.
  Finding (*make)(const Targets&);
};

/// Doors of one kind.
struct Group {
  const char* name;
  std::span<const Attempt> attempts;
};

std::span<const Attempt> file_attempts();
std::span<const Attempt> butler_attempts();
std::span<const Attempt> workspace_attempts();
std::span<const Attempt> process_attempts();
std::span<const Attempt> terminal_attempts();
std::span<const Attempt> local_socket_attempts();
std::span<const Attempt> network_attempts();
std::span<const Attempt> socket_family_attempts();
std::span<const Attempt> privilege_attempts();
std::span<const Attempt> namespace_attempts();
std::span<const Attempt> kernel_attempts();
std::span<const Attempt> device_attempts();
std::span<const Attempt> limit_attempts();

/// All of them.
std::vector<Group> all_groups();

/// What has to work inside, or "nothing is open" would mean nothing.
std::span<const Attempt> needs();

}  // namespace butler::sandbox_probe
