#include "sandbox/init/seccomp_filter.hpp"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <span>

#include "sandbox/init/fault.hpp"
#include "seccomp_filters.hpp"  // made by filter_maker.cpp

namespace butler::sandbox {

namespace {

int load(std::span<const sock_filter> filter, unsigned flags = 0) {
  // The kernel takes a pointer to what it does not change.
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                           .filter = const_cast<sock_filter*>(filter.data())};
  const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (result < 0) fail("the kernel does not take the seccomp filter");
  return static_cast<int>(result);
}

}  // namespace

void load_system_call_filters(bool shared_kernel_names) {
  // The list is last: it does not allow seccomp(2), which loads the next one.
  load(arguments_filter);
  if (shared_kernel_names) load(shared_kernel_filter);
  load(list_of_calls);
}

int load_broker_filter() {
  // A call that the broker has begun with is not begun again after a signal.
  return load(broker_filter, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
}

}  // namespace butler::sandbox
