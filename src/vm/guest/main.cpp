#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "vm/guest/agent.hpp"
#include "vm/guest/boot.hpp"
#include "vm/guest/prepare.hpp"

namespace {

namespace vm = butler::vm;
namespace guest = butler::vm::guest;

constexpr const char* port_name = "butler.streams";

int say(const std::string& text) {
  std::fprintf(stderr, "butler-guest-agent: %s\n", text.c_str());
  return 1;
}

/// The first process of a guest.
int run_as_init() {
  if (const auto booted = guest::boot(); !booted) return say(booted.error());
  const auto port = guest::open_port(port_name);
  if (!port) return say(port.error());
  const auto listener = guest::listen_for_services();
  if (!listener) return say(listener.error());
  guest::Agent agent{{.port = *port, .listener = *listener, .prepare = guest::prepare}};
  say(agent.serve());
  return 0;
}

/// Without a machine, for tests of the host's side: commands run right here.
int serve_socket(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
  const int port = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (port < 0 || ::connect(port, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return say(std::string{"cannot connect to "} + path + ": " + std::strerror(errno));
  }
  ::fcntl(port, F_SETFL, O_NONBLOCK);
  guest::Agent agent{
      {.port = port, .listener = -1, .prepare = [](const vm::PrepareRequest&) { return guest::Outcome{}; }}};
  agent.serve();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (::getpid() == 1) {
    run_as_init();
    guest::power_off();
  }
  if (argc == 2) return serve_socket(argv[1]);
  return say("this is the first process of Butler's virtual machines; elsewhere: butler-guest-agent SOCKET");
}
