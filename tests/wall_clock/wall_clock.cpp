// Preloaded into a role: its wall clock is off by the seconds that the file BUTLER_TEST_CLOCK holds, a 64-bit
// number that a test changes while the role runs. Steady clocks and timers are the kernel's, as when somebody
// sets a machine's clock. (libfaketime moves timers too: one that was due at once then waited for hours.)

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

const std::atomic<std::int64_t>& offset() {
  static const auto* const seconds = [] {
    const char* const name = std::getenv("BUTLER_TEST_CLOCK");
    const int file = name == nullptr ? -1 : ::open(name, O_RDONLY | O_CLOEXEC);
    void* const place =
        file < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (place == MAP_FAILED) {
      std::fputs("wall_clock: BUTLER_TEST_CLOCK names no file that can be read\n", stderr);
      std::abort();
    }
    ::close(file);
    return static_cast<const std::atomic<std::int64_t>*>(place);
  }();
  return *seconds;
}

timespec wall_clock(clockid_t clock) {
  timespec now{};
  ::syscall(SYS_clock_gettime, clock, &now);
  now.tv_sec += offset().load(std::memory_order_relaxed);
  return now;
}

/// While the process still has its first rights: later it may not read the file.
const auto& opened = offset();

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* out) noexcept {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) {
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, out));
  }
  *out = wall_clock(clock);
  return 0;
}

int gettimeofday(timeval* out, void* /*zone*/) noexcept {
  const timespec now = wall_clock(CLOCK_REALTIME);
  *out = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* out) noexcept {
  const time_t now = wall_clock(CLOCK_REALTIME).tv_sec;
  if (out != nullptr) *out = now;
  return now;
}

int timespec_get(timespec* out, int base) noexcept {
  if (base != TIME_UTC) return 0;
  *out = wall_clock(CLOCK_REALTIME);
  return base;
}

}  // extern "C"
