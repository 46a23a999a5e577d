// Who can be talked to: the machine's own services, its neighbours, the internet.
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "sandbox_probe/attempt.hpp"
#include "sandbox_probe/connections.hpp"
#include "sandbox_probe/file_access.hpp"

namespace butler::sandbox_probe {

namespace {

constexpr int multipath_tcp = 262;

/// An abstract socket of another program's that takes datagrams, a path likewise.
Finding datagram_to(const std::string& name) { return try_unix(name, SOCK_DGRAM); }
Finding stream_to(const std::string& name) { return try_unix(name, SOCK_STREAM); }

/// Whether we are in the network that the services are in: a network of one's own may be listened in.
bool in_their_network(const Targets& targets) {
  std::array<char, 64> link{};
  const auto length = ::readlink("/proc/self/ns/net", link.data(), link.size() - 1);
  return length > 0 &&
         targets.text("network") == std::string_view(link.data(), static_cast<std::size_t>(length));
}

Finding ping(const Targets& targets) {
  if (targets.text("lan").empty()) return skipped("this machine has no such address");
  const Descriptor endpoint(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP));
  if (!endpoint.valid()) return by_result(-1, "socket");
  return in_their_network(targets) ? open_door("pings go out") : held("a network of its own");
}

/// Takes a port of the machine: what else wants to talk to a service there talks to the agent.
Finding listen_outside(const Targets& targets) {
  if (!in_their_network(targets)) return held("a network of its own");
  const Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener.valid()) return by_result(-1, "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(targets.number("free-port", 0)));
  if (::bind(listener.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return by_result(-1, "bind");
  return by_result(::listen(listener.number(), 1), "listen");
}

/// listen(2) without bind(2) takes a port as well.
Finding listen_unbound(const Targets& targets) {
  if (!in_their_network(targets)) return held("a network of its own");
  const Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener.valid()) return by_result(-1, "socket");
  return by_result(::listen(listener.number(), 1), "listen");
}

constexpr std::array local_sockets{
    Attempt{"ssh-agent", "log in with the user's SSH agent",
            [](const Targets& t) { return stream_to(t.text("home") + "/.ssh/agent.sock"); }},
    Attempt{"docker-socket", "become root by the container engine's socket",
            [](const Targets& t) { return stream_to(t.text("outside") + "/docker.sock"); }},
    Attempt{"datagram-socket", "talk to a service by a datagram socket",
            [](const Targets& t) { return datagram_to(t.text("outside") + "/log.sock"); }},
    Attempt{"real-docker-socket", "become root by this machine's container engine",
            [](const Targets&) { return stream_to("/run/docker.sock"); }},
    Attempt{"system-bus", "talk to this machine's system bus",
            [](const Targets&) { return stream_to("/run/dbus/system_bus_socket"); }},
    Attempt{"workspace-socket", "talk to a service whose socket lies in the workspace's folder above",
            [](const Targets& t) { return stream_to(t.text("butler-home") + "/worker.sock"); }},
    Attempt{"abstract-socket", "talk to a service by an abstract socket",
            [](const Targets& t) { return stream_to("@" + t.text("abstract")); }},
    Attempt{"abstract-datagram", "talk to a service by an abstract datagram socket",
            [](const Targets& t) { return datagram_to("@" + t.text("abstract") + "-datagram"); }},
};

constexpr std::array network{
    Attempt{"loopback", "use the machine's own services",
            [](const Targets& t) { return try_tcp("127.0.0.1", t.number("port")); }},
    Attempt{"loopback-v6", "the same by IPv6",
            [](const Targets& t) { return try_tcp("::1", t.number("port-v6")); }},
    Attempt{"loopback-mapped", "the same by an IPv4 address in IPv6",
            [](const Targets& t) { return try_tcp("::ffff:127.0.0.1", t.number("port")); }},
    Attempt{"loopback-other", "the same by another loopback address",
            [](const Targets& t) { return try_tcp("127.3.2.1", t.number("port")); }},
    Attempt{"loopback-any", "the same by the address 0.0.0.0",
            [](const Targets& t) { return try_tcp("0.0.0.0", t.number("port")); }},
    Attempt{"loopback-udp", "use the machine's own datagram services",
            [](const Targets& t) { return try_udp("127.0.0.1", t.number("port-udp")); }},
    Attempt{"loopback-multipath", "use them by multipath TCP",
            [](const Targets& t) { return try_tcp("127.0.0.1", t.number("port"), multipath_tcp); }},
    Attempt{"loopback-fast-open", "use them by TCP fast open",
            [](const Targets& t) { return try_tcp_fast_open("127.0.0.1", t.number("port")); }},
    Attempt{"metadata", "ask the cloud's metadata service for the machine's credentials",
            [](const Targets& t) { return try_tcp(t.text("metadata"), 80); }},
    Attempt{"metadata-multipath", "the same by multipath TCP",
            [](const Targets& t) { return try_tcp(t.text("metadata"), 80, multipath_tcp); }},
    Attempt{"lan", "reach the neighbours", [](const Targets& t) { return try_tcp(t.text("lan"), 80); }},
    Attempt{"lan-fast-open", "reach them by TCP fast open",
            [](const Targets& t) { return try_tcp_fast_open(t.text("lan"), 80); }},
    Attempt{"lan-udp", "reach them by datagrams",
            [](const Targets& t) { return try_udp(t.text("lan"), t.number("port-udp")); }},
    Attempt{"internet", "send what it has found to the internet",
            [](const Targets& t) { return try_tcp(t.text("internet"), 443); }},
    Attempt{"internet-v6", "the same by IPv6",
            [](const Targets& t) { return try_tcp(t.text("internet-v6"), 443); }},
    Attempt{"dns", "send it out in DNS questions",
            [](const Targets& t) { return try_udp(t.text("internet"), 53); }},
    Attempt{"dns-local", "send it out by the machine's own resolver",
            [](const Targets& t) { return try_udp(t.text("resolver"), 53); }},
    Attempt{"ping", "send it out in pings", ping},
    Attempt{"listen", "take a port of the machine", listen_outside},
    Attempt{"listen-unbound", "take one without asking for it by number", listen_unbound},
};

Finding family(int domain, int type, int protocol, const char* what) {
  const Descriptor endpoint(::socket(domain, type | SOCK_CLOEXEC, protocol));
  return by_result(endpoint.number(), what);
}

constexpr std::array families{
    Attempt{"raw-icmp", "forge packets",
            [](const Targets&) { return family(AF_INET, SOCK_RAW, IPPROTO_ICMP, "a raw ICMP socket"); }},
    Attempt{"raw-tcp", "forge TCP packets",
            [](const Targets&) { return family(AF_INET, SOCK_RAW, IPPROTO_TCP, "a raw TCP socket"); }},
    Attempt{"packet", "read the network's packets",
            [](const Targets&) { return family(AF_PACKET, SOCK_RAW, 0, "a packet socket"); }},
    Attempt{"vsock", "reach the hypervisor (AF_VSOCK)",
            [](const Targets&) { return family(AF_VSOCK, SOCK_STREAM, 0, "a vsock socket"); }},
    Attempt{"crypto", "reach the kernel's crypto code (AF_ALG)",
            [](const Targets&) { return family(AF_ALG, SOCK_SEQPACKET, 0, "a crypto socket"); }},
    Attempt{"netlink-sockets", "list the machine's sockets",
            [](const Targets&) { return family(AF_NETLINK, SOCK_RAW, 4, "NETLINK_SOCK_DIAG"); }},
    Attempt{"netlink-audit", "talk to the audit system",
            [](const Targets&) { return family(AF_NETLINK, SOCK_RAW, 9, "NETLINK_AUDIT"); }},
    Attempt{"netlink-devices", "listen to the machine's devices",
            [](const Targets&) { return family(AF_NETLINK, SOCK_RAW, 15, "NETLINK_KOBJECT_UEVENT"); }},
    Attempt{"netlink-generic", "reach the kernel's many generic interfaces",
            [](const Targets&) { return family(AF_NETLINK, SOCK_RAW, 16, "NETLINK_GENERIC"); }},
};

}  // namespace

std::span<const Attempt> local_socket_attempts() { return local_sockets; }
std::span<const Attempt> network_attempts() { return network; }
std::span<const Attempt> socket_family_attempts() { return families; }

}  // namespace butler::sandbox_probe
