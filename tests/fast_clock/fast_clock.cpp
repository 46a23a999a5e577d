// Preloaded into a role: its steady clock, and the timers that are set by it, run BUTLER_TEST_CLOCK_SPEED
// times as fast. What the role paces by itself (so many messages a second, as Telegram takes them) is over so
// much sooner; the wall clock is true.

#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

constexpr std::int64_t second = 1'000'000'000;

std::int64_t speed() {
  static const std::int64_t times = [] {
    const char* const text = std::getenv("BUTLER_TEST_CLOCK_SPEED");
    const long given = text == nullptr ? 0 : std::strtol(text, nullptr, 10);
    if (given < 1) {
      std::fputs("fast_clock: BUTLER_TEST_CLOCK_SPEED is no number of at least 1\n", stderr);
      std::abort();
    }
    return std::int64_t{given};
  }();
  return times;
}

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * second + time.tv_nsec; }

timespec as_timespec(std::int64_t nanoseconds) {
  return {.tv_sec = nanoseconds / second, .tv_nsec = nanoseconds % second};
}

/// What is due at all stays due: zero means never.
timespec sooner(const timespec& time) {
  const std::int64_t left = nanoseconds(time);
  return as_timespec(left == 0 ? 0 : left / speed() + 1);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* out) noexcept {
  const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, out));
  if (result == 0 && clock == CLOCK_MONOTONIC) *out = as_timespec(nanoseconds(*out) * speed());
  return result;
}

int timerfd_settime(int timer, int flags, const itimerspec* due, itimerspec* before) noexcept {
  itimerspec asked = *due;
  if ((flags & TFD_TIMER_ABSTIME) == 0)
    asked = {.it_interval = sooner(due->it_interval), .it_value = sooner(due->it_value)};
  return static_cast<int>(::syscall(SYS_timerfd_settime, timer, flags, &asked, before));
}

}  // extern "C"
