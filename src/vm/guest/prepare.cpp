#include "vm/guest/prepare.hpp"

#include <fcntl.h>
#include <linux/random.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "vm/guest/command.hpp"

namespace butler::vm::guest {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t seed_size = 64;

/// rand_pool_info with its bytes.
struct Entropy {
  int entropy_count = 0;
  int buf_size = 0;
  std::array<unsigned char, seed_size> bytes{};
};

std::expected<Entropy, std::string> read_seed(std::string_view digits) {
  Entropy entropy{.entropy_count = 8 * seed_size, .buf_size = seed_size};
  for (std::size_t i = 0; i < seed_size; ++i) {
    const char* const first = digits.data() + 2 * i;
    const auto [end, error] = std::from_chars(first, first + 2, entropy.bytes[i], 16);
    if (error != std::errc{} || end != first + 2) return std::unexpected("the seed is not hexadecimal");
  }
  return entropy;
}

/// A restored clone has the generator's state of the snapshot: without this, two clones give the same bytes.
Outcome reseed(std::string_view digits) {
  auto entropy = read_seed(digits);
  if (!entropy) return std::unexpected(entropy.error());
  const int random = ::open("/dev/urandom", O_WRONLY | O_CLOEXEC);
  if (random < 0) return failure("cannot open /dev/urandom");
  const bool done = ::write(random, entropy->bytes.data(), seed_size) == static_cast<ssize_t>(seed_size) &&
                    ::ioctl(random, RNDADDENTROPY, &*entropy) == 0 && ::ioctl(random, RNDRESEEDCRNG) == 0;
  const auto outcome = done ? Outcome{} : failure("cannot reseed the random generator");
  ::close(random);
  return outcome;
}

Outcome set_clock(std::int64_t unix_milliseconds) {
  timespec time{};
  time.tv_sec = unix_milliseconds / 1000;
  time.tv_nsec = unix_milliseconds % 1000 * 1'000'000;
  if (::clock_settime(CLOCK_REALTIME, &time) != 0) return failure("cannot set the clock");
  return {};
}

/// The block device that the host has given this serial number; "" when there is none.
std::string find_disk(std::string_view serial) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/sys/block", error)) {
    std::ifstream file{entry.path() / "serial"};
    std::string found;
    if (std::getline(file, found) && found == serial) return "/dev/" + entry.path().filename().string();
  }
  return {};
}

Outcome mount_at(const std::string& source, const std::string& target, const char* type, unsigned long flags,
                 const std::string& options = {}) {
  std::error_code error;
  fs::create_directories(target, error);
  if (::mount(source.c_str(), target.c_str(), type, flags, options.c_str()) != 0) {
    return failure("cannot mount " + source + " on " + target);
  }
  return {};
}

/// The squashfs with what this machine changed over it, in the place of the first file system.
Outcome switch_root(const std::string& root) {
  if (const auto lower = mount_at(root, "/lower", "squashfs", MS_RDONLY); !lower) return lower;
  const auto changes = find_disk("changes");
  const auto upper = changes.empty() ? mount_at("tmpfs", "/upper", "tmpfs", 0)
                                     : mount_at(changes, "/upper", "ext4", MS_NOATIME);
  if (!upper) return upper;
  std::error_code error;
  fs::create_directories("/upper/files", error);
  fs::create_directories("/upper/work", error);
  const auto overlay = mount_at("overlay", "/sysroot", "overlay", 0,
                                "lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work");
  if (!overlay) return overlay;
  for (const char* const name : {"/dev", "/proc", "/sys", "/run", "/tmp"}) {
    const auto target = std::string{"/sysroot"} + name;
    fs::create_directories(target, error);
    if (::mount(name, target.c_str(), nullptr, MS_MOVE, nullptr) != 0) {
      return failure("cannot move " + target);
    }
  }
  if (::chdir("/sysroot") != 0 || ::mount(".", "/", nullptr, MS_MOVE, nullptr) != 0 || ::chroot(".") != 0 ||
      ::chdir("/") != 0) {
    return failure("cannot enter the root file system");
  }
  return {};
}

Outcome mount_workspace(const std::string& disk, const std::string& target) {
  if (const auto mounted = mount_at(disk, target, "ext4", MS_NOSUID | MS_NODEV | MS_NOATIME); !mounted) {
    return mounted;
  }
  if (::chown(target.c_str(), agent_user, agent_user) != 0) return failure("cannot give the workspace away");
  return {};
}

}  // namespace

Outcome prepare(const PrepareRequest& request) {
  if (const auto done = reseed(request.seed); !done) return done;
  if (const auto done = set_clock(request.unix_milliseconds); !done) return done;
  if (const auto root = find_disk("root"); !root.empty()) {
    if (const auto done = switch_root(root); !done) return done;
  }
  const auto workspace = find_disk("workspace");
  if (workspace.empty()) return std::unexpected("the machine has no disk for the workspace");
  return mount_workspace(workspace, request.workspace);
}

}  // namespace butler::vm::guest
