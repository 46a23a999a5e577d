// Parts of the kernel that an agent does not need and that have been its ways in.
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/kcmp.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <sys/fanotify.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/quota.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>

#include "sandbox_probe/attempt.hpp"
#include "sandbox_probe/file_access.hpp"

namespace butler::sandbox_probe {

namespace {

Finding use_io_uring(const Targets&) {
  io_uring_params parameters{};
  const Descriptor ring(static_cast<int>(::syscall(SYS_io_uring_setup, 1, &parameters)));
  return by_result(ring.number(), "io_uring_setup");
}

Finding use_bpf(const Targets&) {
  bpf_attr attributes{};
  attributes.pathname = reinterpret_cast<std::uintptr_t>("/butler-probe-none");
  return by_permission(::syscall(SYS_bpf, BPF_OBJ_GET, &attributes, sizeof attributes), "bpf");
}

Finding use_userfaultfd(const Targets&) {
  const Descriptor faults(static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY)));
  return by_result(faults.number(), "userfaultfd");
}

Finding use_perf(const Targets&) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_SW_CPU_CLOCK;
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  const Descriptor counter(
      static_cast<int>(::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)));
  return by_result(counter.number(), "perf_event_open");
}

Finding use_fanotify(const Targets&) {
  const Descriptor watch(::fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID | FAN_CLOEXEC, O_RDONLY));
  return by_result(watch.number(), "fanotify_init");
}

Finding use_filter_listener(const Targets&) {
  // A filter whose decisions a program of its own makes.
  sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_fprog program{1, &allow};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const long made =
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  return by_result(made, "seccomp");
}

Finding is_filtered(const Targets&) {
  const int mode = ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
  return mode == SECCOMP_MODE_FILTER ? held("system calls are filtered")
                                     : open_door("system calls are not filtered");
}

Finding use_32_bit_calls([[maybe_unused]] const Targets& targets) {
#ifdef __x86_64__
  long result = 20;  // getpid
  asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  return result > 0 ? open_door("32-bit system calls are answered") : held("refused");
#else
  return skipped("not on this processor");
#endif
}

Finding use_x32_calls([[maybe_unused]] const Targets& targets) {
#ifdef __x86_64__
  constexpr long x32 = 0x40000000;
  return by_result(::syscall(x32 | SYS_getpid), "an x32 system call");
#else
  return skipped("not on this processor");
#endif
}

Finding trace_child(const Targets&) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) ::pause();
  }
  const long result = ::ptrace(PTRACE_SEIZE, child, nullptr, nullptr);
  Finding finding = by_result(result, "ptrace of a child");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return finding;
}

constexpr std::array kernel_table{
    Attempt{"filter", "make every system call", is_filtered},
    Attempt{"io-uring", "act past the filter, and reach much young code", use_io_uring},
    Attempt{"bpf", "load programs into the kernel", use_bpf},
    Attempt{"userfaultfd", "stop the kernel in mid-copy", use_userfaultfd},
    Attempt{"perf", "measure what others compute", use_perf},
    Attempt{"fanotify", "watch files", use_fanotify},
    Attempt{"filter-listener", "decide about its own system calls", use_filter_listener},
    Attempt{"calls-32-bit", "make 32-bit calls past the filter", use_32_bit_calls},
    Attempt{"calls-x32", "make x32 calls past the filter", use_x32_calls},
    Attempt{"trace-child", "use the tracing code", trace_child},
    Attempt{"kcmp", "compare kernel addresses",
            [](const Targets&) {
              return by_result(::syscall(SYS_kcmp, ::getpid(), ::getpid(), KCMP_VM, 0, 0), "kcmp");
            }},
    Attempt{"modify-ldt", "use the segment tables",
            [](const Targets&) {
#ifdef __x86_64__
              return by_result(::syscall(SYS_modify_ldt, 0, nullptr, 0UL), "modify_ldt");
#else
              return skipped("not on this processor");
#endif
            }},
    Attempt{"ports", "talk to the hardware",
            [](const Targets&) {
#ifdef __x86_64__
              return by_permission(::ioperm(0x80, 1, 1), "ioperm");
#else
              return skipped("not on this processor");
#endif
            }},
    Attempt{"personality", "switch off address randomisation",
            [](const Targets&) { return by_result(::personality(ADDR_NO_RANDOMIZE), "personality"); }},
    Attempt{"quota", "change disk quotas",
            [](const Targets&) {
              return by_permission(::quotactl(QCMD(Q_QUOTAOFF, USRQUOTA), "/butler-probe-none", 0, nullptr),
                                   "quotactl");
            }},
    Attempt{"kernel-log", "read the kernel's log, and addresses in it",
            [](const Targets&) { return by_result(::klogctl(10, nullptr, 0), "syslog"); }},
};

}  // namespace

std::span<const Attempt> kernel_attempts() { return kernel_table; }

}  // namespace butler::sandbox_probe
