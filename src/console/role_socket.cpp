#include "console/role_socket.hpp"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "http/client.hpp"

namespace butler::console {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds socket_patience{10};

/// What keeps us from connecting, as far as the file tells.
RoleAnswer::Kind why_not(const std::filesystem::path& path, const http::ClientError& error) {
  using Kind = RoleAnswer::Kind;
  if (::access(path.c_str(), R_OK | W_OK) != 0) return errno == EACCES ? Kind::forbidden : Kind::absent;
  return error.outcome == http::ClientError::Outcome::not_sent ? Kind::absent : Kind::silent;
}

}  // namespace

asio::awaitable<RoleAnswer> call_role(asio::any_io_executor executor, std::filesystem::path home,
                                      std::string role, std::string method, std::string target) {
  RoleAnswer answer{.path = home / (role + ".sock")};
  http::Client client(executor, http::Url::on_socket(answer.path.string()), {.idle_connections = 0});
  http::Request request{.head = {.method = std::move(method), .target = std::move(target), .headers = {}},
                        .body = {}};
  const auto response = co_await client.send(std::move(request), socket_patience);
  if (!response) {
    answer.kind = why_not(answer.path, response.error());
    co_return answer;
  }
  answer.kind = RoleAnswer::Kind::answered;
  answer.status = response->status;
  if (auto body = json::parse(response->body)) answer.body = *std::move(body);
  co_return answer;
}

}  // namespace butler::console
