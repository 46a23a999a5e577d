#include "sandbox_probe/machine_network.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>

#include "sandbox_probe/file_access.hpp"

namespace butler::sandbox_probe {

namespace {

constexpr const char* metadata = "169.254.169.254";
constexpr const char* lan = "192.168.77.1";
constexpr const char* internet = "203.0.113.10";  // TEST-NET-3 and its counterpart of IPv6: nobody's
constexpr const char* internet_v6 = "2001:db8::10";
constexpr const char* resolver = "127.0.0.53";

bool write_text(const char* path, const std::string& text) {
  const Descriptor file(::open(path, O_WRONLY | O_CLOEXEC));
  return file.valid() &&
         ::write(file.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool enter_as_user() {
  const auto uid = std::to_string(::getuid());
  const auto gid = std::to_string(::getgid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  return write_text("/proc/self/setgroups", "deny") &&
         write_text("/proc/self/uid_map", uid + " " + uid + " 1") &&
         write_text("/proc/self/gid_map", gid + " " + gid + " 1");
}

bool raise_loopback() {
  const Descriptor control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", 3);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return ::ioctl(control.number(), SIOCSIFFLAGS, &request) == 0;
}

/// RTM_NEWADDR for loopback; `length` bytes of address.
bool add_address(int family, const char* text, std::size_t length) {
  struct {
    nlmsghdr header;
    ifaddrmsg message;
    std::array<unsigned char, 64> attributes;
  } request{};
  request.message.ifa_family = static_cast<unsigned char>(family);
  request.message.ifa_prefixlen = static_cast<unsigned char>(length * 8);
  request.message.ifa_flags = IFA_F_NODAD;
  request.message.ifa_index = ::if_nametoindex("lo");
  auto* attribute = reinterpret_cast<rtattr*>(request.attributes.data());
  for (const unsigned short kind : {IFA_LOCAL, IFA_ADDRESS}) {
    attribute->rta_type = kind;
    attribute->rta_len = static_cast<unsigned short>(RTA_LENGTH(length));
    if (::inet_pton(family, text, RTA_DATA(attribute)) != 1) return false;
    attribute = reinterpret_cast<rtattr*>(reinterpret_cast<unsigned char*>(attribute) +
                                          RTA_ALIGN(attribute->rta_len));
  }
  const auto used = reinterpret_cast<unsigned char*>(attribute) - reinterpret_cast<unsigned char*>(&request);
  request.header.nlmsg_len = static_cast<unsigned>(used);
  request.header.nlmsg_type = RTM_NEWADDR;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
  const Descriptor netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (::send(netlink.number(), &request, request.header.nlmsg_len, 0) < 0) return false;
  struct {
    nlmsghdr header;
    nlmsgerr answer;
    std::array<unsigned char, 256> rest;
  } reply{};
  return ::recv(netlink.number(), &reply, sizeof reply, 0) > 0 && reply.answer.error == 0;
}

/// A bound socket that stays open across exec, or -1. `port` 0: any.
int bound(const char* address, int port, int type) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (::inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<std::uint16_t>(port));
    size = sizeof *v4;
  } else if (::inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<std::uint16_t>(port));
    size = sizeof *v6;
  }
  const int made = ::socket(storage.ss_family, type, 0);
  if (made < 0 || ::bind(made, reinterpret_cast<const sockaddr*>(&storage), size) != 0) return -1;
  if (type == SOCK_STREAM && ::listen(made, 64) != 0) return -1;
  return made;
}

std::string port_of(int endpoint) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  ::getsockname(endpoint, reinterpret_cast<sockaddr*>(&storage), &size);
  // The port has the same place in both families.
  return std::to_string(ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port));
}

int bound_unix(const std::string& name, int type) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path) return -1;
  std::memcpy(address.sun_path, name.data(), name.size());
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + 1);
  const bool abstract = name.front() == '@';
  if (abstract) {
    address.sun_path[0] = '\0';
    size -= 1;
  }
  const int made = ::socket(AF_UNIX, type, 0);
  if (made < 0 || ::bind(made, reinterpret_cast<const sockaddr*>(&address), size) != 0) return -1;
  if (type == SOCK_STREAM && ::listen(made, 64) != 0) return -1;
  if (!abstract) ::chmod(name.c_str(), 0666);
  return made;
}

class Services {
 public:
  /// The descriptor, which is served, or -1 as it was.
  int serve(const char* kind, int endpoint) {
    if (endpoint >= 0) words_.push_back(std::string{kind} + ":" + std::to_string(endpoint));
    return endpoint;
  }
  std::vector<std::string> words() { return std::move(words_); }

 private:
  std::vector<std::string> words_;
};

void open_world(Services& services, const std::string& udp_port, Targets& targets) {
  const auto add = [&](const char* name, const char* address, int port) {
    if (services.serve("tcp", bound(address, port, SOCK_STREAM)) >= 0)
      targets.add(std::string{name} + "=" + address);
  };
  add("metadata", metadata, 80);
  add("lan", lan, 80);
  add("internet", internet, 443);
  add("internet-v6", internet_v6, 443);
  services.serve("udp", bound(internet, 53, SOCK_DGRAM));
  services.serve("udp", bound(lan, std::atoi(udp_port.c_str()), SOCK_DGRAM));
  if (services.serve("udp", bound(resolver, 53, SOCK_DGRAM)) >= 0)
    targets.add(std::string{"resolver="} + resolver);
}

}  // namespace

bool enter_network() {
  const bool entered = ::geteuid() == 0 ? ::unshare(CLONE_NEWNET) == 0 : enter_as_user();
  if (!entered || !raise_loopback()) return false;
  for (const char* address : {metadata, lan, internet}) {
    if (!add_address(AF_INET, address, sizeof(in_addr))) return false;
  }
  // A machine without IPv6 has less to test.
  add_address(AF_INET6, internet_v6, sizeof(in6_addr));
  return true;
}

std::vector<std::string> open_services(bool own_network, const std::string& folder, Targets& targets) {
  Services services;
  std::array<char, 64> link{};
  const auto length = ::readlink("/proc/self/ns/net", link.data(), link.size() - 1);
  targets.add("network=" + std::string(link.data(), length > 0 ? static_cast<std::size_t>(length) : 0));

  // One that listens on every address, as careless services do.
  const int any = services.serve("tcp", bound("0.0.0.0", 0, SOCK_STREAM));
  if (any >= 0) targets.add("port=" + port_of(any));
  const int any_v6 = services.serve("tcp", bound("::1", 0, SOCK_STREAM));
  if (any_v6 >= 0) targets.add("port-v6=" + port_of(any_v6));
  const int udp = services.serve("udp", bound("127.0.0.1", 0, SOCK_DGRAM));
  if (udp >= 0) targets.add("port-udp=" + port_of(udp));
  if (own_network) open_world(services, udp >= 0 ? port_of(udp) : "0", targets);

  services.serve("stream", bound_unix(folder + "/home/.ssh/agent.sock", SOCK_STREAM));
  services.serve("stream", bound_unix(folder + "/outside/docker.sock", SOCK_STREAM));
  services.serve("datagram", bound_unix(folder + "/outside/log.sock", SOCK_DGRAM));
  services.serve("stream", bound_unix(folder + "/butler/worker.sock", SOCK_STREAM));
  const std::string abstract = "butler-probe-" + std::to_string(::getpid());
  services.serve("stream", bound_unix("@" + abstract, SOCK_STREAM));
  services.serve("datagram", bound_unix("@" + abstract + "-datagram", SOCK_DGRAM));
  targets.add("abstract=" + abstract);
  return services.words();
}

}  // namespace butler::sandbox_probe
