#include "doctor/admin_call.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "files/descriptor.hpp"
#include "http/client.hpp"

namespace butler::doctor {

namespace {

constexpr std::chrono::milliseconds role_patience{3'000};

/// Connects once to learn who listens.
RoleAnswer look_at_socket(const std::string& path) {
  RoleAnswer answer;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return answer;
  std::ranges::copy(path, address.sun_path);
  const files::Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket.is_open()) return answer;
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    answer.denied = errno == EACCES || errno == EPERM;
    answer.listening = errno == EAGAIN;  // its queue is full: it takes no connections any more
    return answer;
  }
  answer.listening = true;
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) answer.pid = peer.pid;
  return answer;
}

}  // namespace

boost::asio::awaitable<RoleAnswer> ask_role(const Context& context, std::string_view role,
                                            std::string_view path) {
  const std::string socket = (context.home() / (std::string{role} + ".sock")).string();
  RoleAnswer answer = look_at_socket(socket);
  if (!answer.listening) co_return answer;
  http::Client client(context.executor, http::Url::on_socket(socket));
  http::Request request{.head = {.method = "GET", .target = std::string{path}}};
  const auto response = co_await client.send(std::move(request), role_patience);
  if (!response) {
    answer.fault = response.error().message;
    co_return answer;
  }
  auto body = json::parse(response->body);
  if (response->status != 200 || !body) {
    answer.fault = "it answers " + std::to_string(response->status);
  } else {
    answer.body = std::move(*body);
  }
  co_return answer;
}

}  // namespace butler::doctor
