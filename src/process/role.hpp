#pragma once

#include <sys/types.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What each long-running role does around its own work.
namespace butler::process {

/// The environment variable by which a supervisor tells its children its pid: see harden().
inline constexpr const char* parent_variable = "BUTLER_PARENT_PID";

struct SystemUser {
  uid_t uid = 0;
  gid_t gid = 0;
};

/// The system user of that name; nullopt when there is none.
std::optional<SystemUser> find_user(const std::string& name);

/// Becomes the named system user when started by root (groups included, no way back); does nothing for
/// others. Throws std::runtime_error with what to do when the user does not exist. Call before threads, files
/// and sockets.
void drop_root(const std::string& user);

/// Makes memory, environment and descriptors unreadable through /proc for processes of the same user
/// (PR_SET_DUMPABLE 0), asks for SIGTERM when the parent dies if `with_parent` (at once when the parent is no
/// longer the one that $BUTLER_PARENT_PID names), and ignores SIGPIPE. Call after drop_root(): changing the
/// user resets both.
void harden(bool with_parent);

/// Lets the process have as many descriptors open as the system allows it (RLIMIT_NOFILE's hard limit), and
/// returns how many that is. Children inherit it: for roles that start none.
std::size_t raise_descriptor_limit();

/// Tells the supervisor that the role is ready: sd_notify(3)'s protocol on $NOTIFY_SOCKET. Nothing without
/// it.
void notify_ready();

/// Returns after SIGTERM or SIGINT.
boost::asio::awaitable<void> wait_for_stop_signal();

/// Bytes of the system's CSPRNG: getrandom(2).
void fill_random(void* bytes, std::size_t count);

template <std::size_t count>
std::array<std::uint8_t, count> random_bytes() {
  std::array<std::uint8_t, count> bytes{};
  fill_random(bytes.data(), bytes.size());
  return bytes;
}

/// `byte_count` random bytes as lower-case hexadecimal digits.
std::string random_hex(std::size_t byte_count);

/// A number in [0, 1), for jitter.
double random_fraction();

}  // namespace butler::process
