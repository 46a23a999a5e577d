// Run once, when Butler is built: writes the seccomp filters as BPF programs, which butler-sandbox-init only
// has to load. Making them takes libseccomp some 6 ms, a third of what the start of a sandbox may take.
#include <linux/filter.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

#include "sandbox/init/fault.hpp"
#include "sandbox/init/system_calls.hpp"

namespace butler::sandbox {

namespace {

// The kernel looks at the low half of these arguments only, so a comparison of all 64 bits could be evaded.
constexpr scmp_datum_t low_half = 0xFFFF'FFFF;
constexpr scmp_datum_t socket_type_bits = 0xF;
constexpr scmp_datum_t last_family = 63;     // AF_MAX is 46 in Linux 6.18
constexpr int terminal_line_input = 0x5412;  // TIOCSTI
constexpr int terminal_console = 0x541C;     // TIOCLINUX
constexpr int fchmodat2_call = 452;

class Filter {
 public:
  explicit Filter(std::uint32_t otherwise) : context_(seccomp_init(otherwise)) {
    if (context_ == nullptr) throw Fault("seccomp_init failed");
    check(seccomp_attr_set(context_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
    check(seccomp_attr_set(context_, SCMP_FLTATR_CTL_OPTIMIZE, 2));  // a tree: programs call often
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;
  ~Filter() { seccomp_release(context_); }

  void add(std::uint32_t action, int call, const std::vector<scmp_arg_cmp>& conditions = {}) {
    if (call == __NR_SCMP_ERROR || call < 0) return;  // not of this architecture
    const int result = seccomp_rule_add_array(context_, action, call,
                                              static_cast<unsigned>(conditions.size()), conditions.data());
    if (result != -EEXIST && result != -EACCES) check(result);
  }
  void add(std::uint32_t action, const char* name, const std::vector<scmp_arg_cmp>& conditions = {}) {
    add(action, seccomp_syscall_resolve_name(name), conditions);
  }
  void add_all(std::uint32_t action, std::span<const char* const> names) {
    for (const char* const name : names) add(action, name);
  }
  /// Prints it as an array of this name.
  void print(const char* name) const {
    const int file = ::memfd_create(name, MFD_CLOEXEC);
    if (file < 0) fail("memfd_create");
    check(seccomp_export_bpf(context_, file));
    std::printf("inline constexpr sock_filter %s[] = {\n", name);
    ::lseek(file, 0, SEEK_SET);
    for (sock_filter step{}; ::read(file, &step, sizeof(step)) == sizeof(step);) {
      std::printf("    {0x%04x, %u, %u, 0x%08x},\n", step.code, step.jt, step.jf, step.k);
    }
    std::printf("};\n");
    ::close(file);
  }

 private:
  static void check(int result) {
    if (result == 0) return;
    errno = -result;
    fail("the seccomp filter cannot be made");
  }
  scmp_filter_ctx context_;
};

scmp_arg_cmp is(unsigned argument, scmp_datum_t value, scmp_datum_t mask = low_half) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value & mask};
}

const std::uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
const std::uint32_t unknown = SCMP_ACT_ERRNO(ENOSYS);

void refuse_new_namespaces(Filter& filter) {
  for (const int flag : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS,
                         CLONE_NEWCGROUP}) {
    filter.add(refuse, "clone", {is(0, static_cast<scmp_datum_t>(flag), static_cast<scmp_datum_t>(flag))});
  }
  // Its flags lie in memory, where a filter cannot look: glibc falls back to clone.
  filter.add(unknown, "clone3");
}

void refuse_socket_families(Filter& filter) {
  for (scmp_datum_t family = 0; family <= last_family; ++family) {
    if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK) continue;
    filter.add(refuse, "socket", {is(0, family)});
    filter.add(refuse, "socketpair", {is(0, family)});
  }
  for (scmp_datum_t protocol = 1; protocol <= 31; ++protocol) {  // 0 is NETLINK_ROUTE
    filter.add(refuse, "socket", {is(0, AF_NETLINK), is(2, protocol)});
  }
}

/// What no list of names can say: some arguments of calls that are allowed.
void print_arguments_filter() {
  Filter filter(SCMP_ACT_ALLOW);
  refuse_new_namespaces(filter);
  refuse_socket_families(filter);
  filter.add(refuse, "ioctl", {is(1, terminal_line_input)});
  filter.add(refuse, "ioctl", {is(1, terminal_console)});
  filter.print("arguments_filter");
}

/// Refuses the call unless the argument is zero, which means the caller itself.
void refuse_others(Filter& filter, const char* name, unsigned argument) {
  for (scmp_datum_t bit = 0; bit < 32; ++bit) {
    const scmp_datum_t mask = scmp_datum_t{1} << bit;
    filter.add(refuse, name, {is(argument, mask, mask)});
  }
}

/// Landlock knows no unix sockets by path, no datagrams, and no connection that is made by sending.
void print_shared_kernel_filter() {
  Filter filter(SCMP_ACT_ALLOW);
  filter.add(refuse, "socket", {is(0, AF_UNIX)});
  for (scmp_datum_t type = 0; type <= socket_type_bits; ++type) {
    if (type == SOCK_STREAM) continue;
    filter.add(refuse, "socket", {is(0, AF_INET), is(1, type, socket_type_bits)});
    filter.add(refuse, "socket", {is(0, AF_INET6), is(1, type, socket_type_bits)});
    // One end of a pair of datagram sockets could be connected to somewhere else.
    if (type != SOCK_SEQPACKET) filter.add(refuse, "socketpair", {is(1, type, socket_type_bits)});
  }
  // Landlock's rules are for TCP: not for SCTP, MPTCP (262) and what else has a stream.
  for (scmp_datum_t bit = 0; bit < 32; ++bit) {
    const scmp_datum_t mask = scmp_datum_t{1} << bit;
    if ((mask & IPPROTO_TCP) != 0) continue;
    filter.add(refuse, "socket", {is(0, AF_INET), is(2, mask, mask)});
    filter.add(refuse, "socket", {is(0, AF_INET6), is(2, mask, mask)});
  }
  filter.add(refuse, "sendto", {is(3, MSG_FASTOPEN, MSG_FASTOPEN)});
  filter.add(refuse, "sendmsg", {is(2, MSG_FASTOPEN, MSG_FASTOPEN)});
  filter.add(refuse, "sendmmsg", {is(3, MSG_FASTOPEN, MSG_FASTOPEN)});
  filter.add_all(refuse, forbidden_outside_namespaces);
  // Other processes of this user are in reach: whom a priority or a limit is for has to be the caller.
  for (const unsigned argument : {0U, 1U}) {
    refuse_others(filter, "setpriority", argument);
    refuse_others(filter, "ioprio_set", argument);
  }
  for (const char* const name :
       {"prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr"}) {
    refuse_others(filter, name, 0);
  }
  filter.print("shared_kernel_filter");
}

void print_broker_filter() {
  seccomp_api_set(6);  // this machine's kernel need not know what the filter uses
  Filter filter(SCMP_ACT_ALLOW);
  filter.add_all(SCMP_ACT_NOTIFY, brokered_calls);
  filter.add(SCMP_ACT_NOTIFY, fchmodat2_call);
  // Its flags lie in memory, which can be changed after somebody has looked at it.
  filter.add(unknown, "openat2");
  for (const unsigned request : marking_requests) filter.add(refuse, "ioctl", {is(1, request)});
  filter.print("broker_filter");
}

void print_list_of_calls() {
  Filter filter(unknown);
  filter.add_all(SCMP_ACT_ALLOW, allowed_calls);
  for (const int call : allowed_new_calls) filter.add(SCMP_ACT_ALLOW, call);
  filter.add_all(refuse, forbidden_calls);
  filter.add_all(unknown, uncounted_memory_calls);
  for (const scmp_datum_t family : {scmp_datum_t{AF_UNIX}, scmp_datum_t{AF_INET}, scmp_datum_t{AF_INET6}}) {
    filter.add(SCMP_ACT_ALLOW, "socket", {is(0, family)});
    filter.add(SCMP_ACT_ALLOW, "socketpair", {is(0, family)});
  }
  filter.add(SCMP_ACT_ALLOW, "socket", {is(0, AF_NETLINK), is(2, 0)});
  for (const scmp_datum_t persona : {scmp_datum_t{0}, scmp_datum_t{PER_LINUX32}, low_half}) {
    filter.add(SCMP_ACT_ALLOW, "personality", {is(0, persona)});
  }
  filter.print("list_of_calls");
}

}  // namespace

void print_filters() {
  std::printf("// Generated by src/sandbox/init/filter_maker.cpp; do not edit.\n#include <linux/filter.h>\n");
  print_arguments_filter();
  print_shared_kernel_filter();
  print_broker_filter();
  print_list_of_calls();
}

}  // namespace butler::sandbox

int main() {
  try {
    butler::sandbox::print_filters();
    return 0;
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "%s\n", fault.what());
    return 1;
  }
}
