// The user's terminal, and the keys that the kernel keeps for them.
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdint>

#include "sandbox_probe/attempt.hpp"
#include "sandbox_probe/file_access.hpp"

namespace butler::sandbox_probe {

namespace {

Finding terminal_call(std::uint64_t request, const char* what) {
  const Descriptor terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.valid()) return held("no terminal");
  // The kernel looks at the low 32 bits of the request only; a filter may look at all 64.
  char byte = ' ';
  return by_result(::syscall(SYS_ioctl, terminal.number(), request, &byte), what);
}

Finding read_key(const Targets& targets) {
  char byte = 0;
  return by_result(::syscall(SYS_keyctl, KEYCTL_READ, targets.number("key"), &byte, 1UL), "keyctl read");
}

Finding request_key(const Targets&) {
  return by_result(::syscall(SYS_request_key, "user", canary.data(), nullptr, 0), "request_key");
}

Finding add_key(const Targets&) {
  const long key = ::syscall(SYS_add_key, "user", "butler-probe-new", "x", 1UL, KEY_SPEC_SESSION_KEYRING);
  if (key >= 0) ::syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_SESSION_KEYRING);
  return by_result(key, "add_key");
}

constexpr std::uint64_t high_bit = std::uint64_t{1} << 32;

constexpr std::array terminal_table{
    Attempt{"terminal", "write to the user's terminal and read from it",
            [](const Targets&) {
              const Descriptor terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
              return by_result(terminal.number(), "opening /dev/tty");
            }},
    Attempt{"terminal-input", "type commands into the user's terminal (TIOCSTI)",
            [](const Targets&) { return terminal_call(TIOCSTI, "TIOCSTI"); }},
    Attempt{"terminal-input-high-bits", "the same past a filter of 64 bits",
            [](const Targets&) { return terminal_call(TIOCSTI | high_bit, "TIOCSTI with a high bit"); }},
    Attempt{"key-read", "read a key of the user's keyring", read_key},
    Attempt{"key-request", "find a key of the user's by its name", request_key},
    Attempt{"key-add", "put keys into the kernel", add_key},
    Attempt{"keyring-join", "change keyrings",
            [](const Targets&) {
              return by_permission(::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 0),
                                   "keyctl");
            }},
};

}  // namespace

std::span<const Attempt> terminal_attempts() { return terminal_table; }

}  // namespace butler::sandbox_probe
