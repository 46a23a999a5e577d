#include "vm/guest/boot.hpp"

#include <fcntl.h>
#include <linux/reboot.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>

namespace butler::vm::guest {

namespace fs = std::filesystem;

namespace {

constexpr std::uint16_t services_port = 3128;

struct Mount {
  const char* type;
  const char* target;
  unsigned long flags;
  const char* options;
};

constexpr std::array kernel_mounts{
    Mount{"devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC, "mode=0755"},
    Mount{"proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""},
    Mount{"sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, ""},
    Mount{"devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666"},
    Mount{"tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777"},
    Mount{"tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755"},
    Mount{"tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777"},
};

Outcome load_module(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failure("cannot open the module " + path);
  const long result = ::syscall(SYS_finit_module, file, "", 0);
  ::close(file);
  if (result != 0 && errno != EEXIST) return failure("cannot load the module " + path);
  return {};
}

Outcome load_modules() {
  std::ifstream order{"/modules/order"};
  for (std::string name; std::getline(order, name);) {
    if (const auto loaded = load_module("/modules/" + name); !loaded) return loaded;
  }
  return {};
}

Outcome switch_loopback_on() {
  const int any = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (any < 0) return failure("cannot make a socket");
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const int result = ::ioctl(any, SIOCSIFFLAGS, &request);
  ::close(any);
  if (result != 0) return failure("cannot switch lo on");
  return {};
}

}  // namespace

Outcome boot() {
  for (const auto& mount : kernel_mounts) {
    ::mkdir(mount.target, 0755);
    // The kernel may have mounted /dev itself.
    if (::mount(mount.type, mount.target, mount.type, mount.flags, mount.options) != 0 && errno != EBUSY) {
      return failure(std::string{"cannot mount "} + mount.target);
    }
  }
  // The first file system's root is open to everybody, as /tmp is.
  if (::chmod("/", 0755) != 0) return failure("cannot close the root folder");
  if (const auto loaded = load_modules(); !loaded) return loaded;
  if (::sethostname("butler-vm", 9) != 0) return failure("cannot name the machine");
  return switch_loopback_on();
}

std::expected<int, std::string> open_port(const std::string& name) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/sys/class/virtio-ports", error)) {
    std::ifstream file{entry.path() / "name"};
    std::string found;
    if (!std::getline(file, found) || found != name) continue;
    const auto path = "/dev/" + entry.path().filename().string();
    const int port = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (port < 0) return failure("cannot open " + path);
    return port;
  }
  return std::unexpected("there is no serial port named " + name);
}

std::expected<int, std::string> listen_for_services() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) return failure("cannot make a socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(services_port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener, SOMAXCONN) != 0) {
    return failure("cannot listen on 127.0.0.1:3128");
  }
  return listener;
}

void power_off() {
  ::kill(-1, SIGKILL);
  ::sync();
  ::reboot(RB_POWER_OFF);
  ::_exit(1);  // the kernel panics, and QEMU ends
}

}  // namespace butler::vm::guest
