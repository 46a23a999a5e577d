#include "cli/running_roles.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "config/variables.hpp"
#include "files/descriptor.hpp"

namespace butler::cli {

namespace {

bool somebody_listens(const std::string& socket) {
  sockaddr_un address{};
  if (socket.size() >= sizeof(address.sun_path)) return false;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket.c_str(), socket.size() + 1);
  const files::Descriptor caller{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  return caller.is_open() &&
         ::connect(caller.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

}  // namespace

std::vector<std::string> running_roles(const std::filesystem::path& home) {
  std::vector<std::string> running;
  for (const auto role : {config::Role::orchestrator, config::Role::gateway, config::Role::worker}) {
    const std::string name{config::role_name(role)};
    if (somebody_listens((home / (name + ".sock")).string())) running.push_back(name);
  }
  return running;
}

}  // namespace butler::cli
