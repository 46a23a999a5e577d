#include "admin/role_call.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "files/descriptor.hpp"
#include "http/client.hpp"

namespace butler::admin {

std::filesystem::path role_socket(const std::filesystem::path& home, const std::string& role) {
  return home / (role + ".sock");
}

RoleAnswer look_for_role(const std::filesystem::path& home, const std::string& role) {
  RoleAnswer answer{.path = role_socket(home, role)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& path = answer.path.native();
  if (path.size() >= sizeof address.sun_path) return answer;
  std::ranges::copy(path, address.sun_path);
  const files::Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket.is_open()) return answer;
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EACCES || errno == EPERM) answer.kind = RoleAnswer::Kind::forbidden;
    if (errno == EAGAIN) answer.kind = RoleAnswer::Kind::silent;  // its queue is full: it takes none any more
    return answer;
  }
  answer.kind = RoleAnswer::Kind::silent;
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) answer.pid = peer.pid;
  return answer;
}

boost::asio::awaitable<RoleAnswer> call_role(boost::asio::any_io_executor executor,
                                             std::filesystem::path home, std::string role, std::string method,
                                             std::string target, std::chrono::milliseconds patience) {
  RoleAnswer answer = look_for_role(home, role);
  if (!answer.listens()) co_return answer;
  http::Client client(executor, http::Url::on_socket(answer.path.string()), {.idle_connections = 0});
  http::Request request{.head = {.method = std::move(method), .target = std::move(target), .headers = {}},
                        .body = {}};
  const auto response = co_await client.send(std::move(request), patience);
  if (!response) {
    answer.fault = response.error().message;
    co_return answer;
  }
  answer.kind = RoleAnswer::Kind::answered;
  answer.status = response->status;
  if (auto body = json::parse(response->body)) answer.body = *std::move(body);
  co_return answer;
}

}  // namespace butler::admin
