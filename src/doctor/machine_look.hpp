#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// Looks at the machine that disturb nobody.
namespace butler::doctor {

/// Who has a lock of flock(2) on the file; nullopt when nobody has. It is not tried, which could be in the
/// way of somebody who takes it at that moment.
std::optional<pid_t> find_lock_holder(const std::filesystem::path& file);

/// The holder of a file's lock in the text of /proc/locks. Pure.
std::optional<pid_t> read_lock_holder(std::string_view locks, std::uint64_t inode);

struct PortState {
  bool free = false;
  std::string fault = {};  ///< why it cannot be had, when not because somebody has it
  pid_t holder = 0;        ///< 0 when that cannot be seen
  std::string holder_command = {};
};

/// Whether one could listen there now.
PortState try_port(const std::string& host, std::uint16_t port);

/// The inode of the socket that listens on the port, in the text of /proc/net/tcp or tcp6; 0 for none. Pure.
std::uint64_t read_listening_inode(std::string_view table, std::uint16_t port);

}  // namespace butler::doctor
