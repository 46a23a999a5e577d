#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

/// What butler-sandbox-init is told. Of Butler's headers it includes this one, covered_names.hpp and
/// files/descriptor.hpp, no other.
namespace butler::sandbox {

/// The descriptors that butler-sandbox-init is started with.
inline constexpr int control_descriptor = 3;  ///< a SOCK_SEQPACKET socket to whoever started it
inline constexpr int plan_descriptor = 4;     ///< an InitPlan
inline constexpr int program_descriptor = 5;  ///< butler-sandbox-init itself
inline constexpr int errors_descriptor = 6;   ///< the error output of what runs until the agent does
inline constexpr int first_data_descriptor = 7;
/// Where the agent's own error output waits for it meanwhile.
inline constexpr int kept_stderr_descriptor = 60;

/// What it says through the control socket: one of these, and behind `failed` a sentence.
inline constexpr char said_ready = 'R';   ///< with the listener, if it made one; goes on when it is answered
inline constexpr char said_failed = 'E';  ///< and ends
inline constexpr char answer_go = 'G';

/// The port of the listener that is made inside a network namespace.
inline constexpr std::uint16_t inner_port = 3128;

/// What to do before the agent takes over. Zero limits are not set.
struct InitPlan {
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string folder;                 ///< the current folder
  std::uint64_t parent = 0;           ///< the pid of whoever started it; it ends when that is gone
  std::string group;                  ///< cgroup.procs of the control group to be in; "" for none
  bool make_listener = false;         ///< 127.0.0.1:3128, handed out
  bool filter = true;                 ///< the seccomp filters
  bool shared_kernel_names = false;   ///< no namespaces around it: more is filtered
  bool landlock = true;               ///< restrict the file system to what follows
  bool landlock_required = false;     ///< fail where the kernel has no Landlock
  std::uint64_t connect_port = 0;     ///< with landlock: TCP connections only to this port, and no bind
  std::vector<std::string> readable;  ///< files and folders, with all below
  std::vector<std::string> writable;
  bool broker = false;                       ///< the broker, in the place of a mount namespace
  std::vector<std::string> covered;          ///< names in `folder` that nobody may touch, for the broker
  std::vector<std::string> opened;           ///< names in those that are free all the same
  std::vector<std::string> broker_readable;  ///< what the broker may read besides
  std::uint64_t memory_bytes = 0;
  std::uint64_t processes = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t open_files = 0;

  bool operator==(const InitPlan&) const = default;
};

/// Names and values, each ended by a NUL. A NUL inside of a text ends it.
std::string encode(const InitPlan& plan);
/// The error is a sentence.
std::expected<InitPlan, std::string> decode_init_plan(std::string_view text);

}  // namespace butler::sandbox
