#include "sandbox/init/landlock.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "sandbox/init/fault.hpp"

namespace butler::sandbox {

namespace {

// Debian 12's headers stop at version 2: the numbers of the kernel's own uapi/linux/landlock.h stand here.
constexpr long create_ruleset_call = 444;
constexpr long add_rule_call = 445;
constexpr long restrict_self_call = 446;
constexpr std::uint32_t ask_version = 1;
constexpr int rule_path_beneath = 1;
constexpr int rule_net_port = 2;

namespace fs {
constexpr std::uint64_t execute = 1U << 0U;
constexpr std::uint64_t write_file = 1U << 1U;
constexpr std::uint64_t read_file = 1U << 2U;
constexpr std::uint64_t read_dir = 1U << 3U;
constexpr std::uint64_t all_of_version_1 = (1U << 13U) - 1;
constexpr std::uint64_t refer = 1U << 13U;      // version 2
constexpr std::uint64_t truncate = 1U << 14U;   // version 3
constexpr std::uint64_t ioctl_dev = 1U << 15U;  // version 5
}  // namespace fs

constexpr std::uint64_t net_bind = 1U << 0U;  // version 4
constexpr std::uint64_t net_connect = 1U << 1U;
constexpr std::uint64_t scope_abstract_sockets = 1U << 0U;  // version 6
constexpr std::uint64_t scope_signals = 1U << 1U;
constexpr int version_with_network = 4;
// As sandbox::least_landlock: no older one keeps signals in.
constexpr int least_version = 6;

struct RulesetAttributes {
  std::uint64_t handled_fs = 0;
  std::uint64_t handled_net = 0;
  std::uint64_t scoped = 0;
};

struct [[gnu::packed]] PathRule {
  std::uint64_t allowed = 0;
  std::int32_t parent = -1;
};

struct PortRule {
  std::uint64_t allowed = 0;
  std::uint64_t port = 0;
};

/// What the kernel may be asked to handle; unknown bits would be refused.
RulesetAttributes attributes_of(int version, bool with_network) {
  RulesetAttributes attributes;
  attributes.handled_fs = fs::all_of_version_1;
  if (version >= 2) attributes.handled_fs |= fs::refer;
  if (version >= 3) attributes.handled_fs |= fs::truncate;
  if (version >= 5) attributes.handled_fs |= fs::ioctl_dev;
  if (with_network) attributes.handled_net = net_bind | net_connect;
  if (version >= 6) attributes.scoped = scope_abstract_sockets | scope_signals;
  return attributes;
}

/// An older kernel takes a longer structure only while the rest is zero; it is named by its length here.
std::size_t size_for(int version) {
  if (version >= 6) return sizeof(RulesetAttributes);
  return version >= version_with_network ? 2 * sizeof(std::uint64_t) : sizeof(std::uint64_t);
}

void allow_path(int ruleset, const std::string& path, std::uint64_t rights) {
  const int fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) return;
    fail("Landlock cannot open " + path);
  }
  struct stat status{};
  if (::fstat(fd, &status) != 0) fail(path);
  const std::uint64_t file_rights =
      fs::execute | fs::write_file | fs::read_file | fs::truncate | fs::ioctl_dev;
  if (!S_ISDIR(status.st_mode)) rights &= file_rights;
  const PathRule rule{.allowed = rights, .parent = fd};
  const long result = ::syscall(add_rule_call, ruleset, rule_path_beneath, &rule, 0);
  const int error = errno;
  ::close(fd);
  errno = error;
  if (result != 0) fail("Landlock does not take the rule for " + path);
}

}  // namespace

int landlock_version() {
  const long version = ::syscall(create_ruleset_call, nullptr, 0, ask_version);
  return version < 0 ? 0 : static_cast<int>(version);
}

void restrict_by_landlock(const InitPlan& plan) {
  const int version = landlock_version();
  const bool with_network = plan.connect_port != 0;
  if (version == 0 || (plan.landlock_required && version < least_version)) {
    if (!plan.landlock_required) return;
    throw Fault("this kernel's Landlock is of version " + std::to_string(version) +
                "; version 6 (Linux 6.12) is needed");
  }
  const RulesetAttributes attributes = attributes_of(version, with_network);
  const int ruleset = static_cast<int>(::syscall(create_ruleset_call, &attributes, size_for(version), 0));
  if (ruleset < 0) fail("Landlock makes no rule set");
  const std::uint64_t reading = fs::execute | fs::read_file | fs::read_dir;
  for (const auto& path : plan.readable) allow_path(ruleset, path, reading);
  for (const auto& path : plan.broker_readable) allow_path(ruleset, path, reading);
  for (const auto& path : plan.writable) allow_path(ruleset, path, attributes.handled_fs);
  if (with_network) {
    const PortRule rule{.allowed = net_connect, .port = plan.connect_port};
    if (::syscall(add_rule_call, ruleset, rule_net_port, &rule, 0) != 0) {
      fail("Landlock does not take the rule for the port");
    }
  }
  if (::syscall(restrict_self_call, ruleset, 0) != 0) fail("Landlock does not restrict the process");
  ::close(ruleset);
}

}  // namespace butler::sandbox
