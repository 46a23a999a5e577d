#include "process/role.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "files/throw_errno.hpp"
#include "log/log.hpp"
#include "process/installation.hpp"

namespace butler::process {

namespace asio = boost::asio;

namespace {

std::optional<std::string> variable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread, at start
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace

std::optional<SystemUser> find_user(const std::string& name) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16'384);
  if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  return SystemUser{.uid = entry.pw_uid, .gid = entry.pw_gid};
}

void drop_root(const std::string& user) {
  if (::geteuid() != 0) return;
  const auto found = find_user(user);
  if (!found) {
    throw std::runtime_error("the system user '" + user + "' does not exist: run " + users_command() +
                             " as root, or start Butler as another user than root");
  }
  if (found->uid == 0) throw std::runtime_error("the system user '" + user + "' must not be root");
  if (::initgroups(user.c_str(), found->gid) != 0) files::throw_errno("initgroups");
  if (::setresgid(found->gid, found->gid, found->gid) != 0) files::throw_errno("setresgid");
  if (::setresuid(found->uid, found->uid, found->uid) != 0) files::throw_errno("setresuid");
  if (::setuid(0) == 0 || ::geteuid() != found->uid || ::getegid() != found->gid) {
    throw std::runtime_error("root could not be given up for the user '" + user + "'");
  }
}

void harden(bool with_parent) {
  std::signal(SIGPIPE, SIG_IGN);
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) files::throw_errno("PR_SET_DUMPABLE");
  if (!with_parent) return;
  if (::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) files::throw_errno("PR_SET_PDEATHSIG");
  // A parent that died before the line above will never be reported: it has to be recognised by its number.
  const auto parent = variable(parent_variable);
  if (parent && *parent != std::to_string(::getppid())) std::raise(SIGTERM);
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) files::throw_errno("RLIMIT_NOFILE");
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) files::throw_errno("RLIMIT_NOFILE");
  return limit.rlim_cur;
}

void notify_ready() {
  const auto path = variable("NOTIFY_SOCKET");
  if (!path || path->empty()) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path->size() >= sizeof(address.sun_path)) {
    log::warn("notify.failed", {{"error", "NOTIFY_SOCKET is too long"}});
    return;
  }
  std::memcpy(address.sun_path, path->data(), path->size());
  if (path->front() == '@') address.sun_path[0] = '\0';  // the abstract namespace, as sd_notify(3) spells it
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path->size());

  constexpr std::string_view message = "READY=1";
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool sent = fd >= 0 && ::sendto(fd, message.data(), message.size(), MSG_NOSIGNAL,
                                        reinterpret_cast<const sockaddr*>(&address), length) >= 0;
  if (!sent) log::warn("notify.failed", {{"error", std::generic_category().message(errno)}});
  if (fd >= 0) ::close(fd);
}

asio::awaitable<void> wait_for_stop_signal() {
  asio::signal_set signals(co_await asio::this_coro::executor, SIGTERM, SIGINT);
  co_await signals.async_wait(asio::use_awaitable);
}

void fill_random(void* bytes, std::size_t count) {
  auto* out = static_cast<unsigned char*>(bytes);
  while (count > 0) {
    const auto got = ::getrandom(out, count, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) files::throw_errno("getrandom");
    out += got;
    count -= static_cast<std::size_t>(got);
  }
}

std::string random_hex(std::size_t byte_count) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::vector<std::uint8_t> bytes(byte_count);
  fill_random(bytes.data(), bytes.size());
  std::string text;
  text.reserve(2 * byte_count);
  for (const auto byte : bytes) {
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 0x0F]);
  }
  return text;
}

double random_fraction() {
  std::uint64_t bits = 0;
  fill_random(&bits, sizeof(bits));
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

}  // namespace butler::process
