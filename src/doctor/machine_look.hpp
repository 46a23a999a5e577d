#pragma once

#include <sys/types.h>

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Looks at the machine that disturb nobody.
namespace butler::doctor {

/// Who has a lock of flock(2) on the file; nullopt when nobody has. It is not tried, which could be in the
/// way of somebody who takes it at that moment.
std::optional<pid_t> find_lock_holder(const std::filesystem::path& file);

/// A file as /proc/locks names it. Inode numbers repeat from one file system to the next.
struct LockedFile {
  unsigned major = 0;
  unsigned minor = 0;
  std::uint64_t inode = 0;
};

/// The holder of a file's lock in the text of /proc/locks. Pure.
std::optional<pid_t> read_lock_holder(std::string_view locks, const LockedFile& file);

struct PortState {
  bool free = false;
  std::string fault = {};  ///< why it cannot be had, when not because somebody has it
  pid_t holder = 0;        ///< 0 when that cannot be seen, or several processes may be meant
  std::string holder_command = {};
};

/// Whether one could listen there now.
PortState try_port(const std::string& host, std::uint16_t port);

/// A socket that listens.
struct Listener {
  boost::asio::ip::address address = {};
  std::uint64_t inode = 0;
};

/// Those on the port, in the text of /proc/net/tcp or tcp6. Pure.
std::vector<Listener> read_listeners(std::string_view table, std::uint16_t port);

/// The inodes of those that keep others from listening at the address: at that very one where there are such,
/// else at all addresses; any for whoever wants all of them. Pure.
std::vector<std::uint64_t> choose_rivals(const std::vector<Listener>& listeners,
                                         const boost::asio::ip::address& wanted);

}  // namespace butler::doctor
