#include "vm/qmp.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "async/as_result.hpp"

namespace butler::vm {

namespace asio = boost::asio;

namespace {

using async::as_result;
constexpr std::size_t line_limit = std::size_t{1024} * 1024;

std::string command_line(const std::string& command, json::Object arguments) {
  json::Object line{{"execute", command}};
  if (!arguments.empty()) line["arguments"] = std::move(arguments);
  return json::serialize(line) + "\n";
}

/// Sends the bytes with a descriptor beside them (SCM_RIGHTS). They fit: nothing else waits to be sent.
bool send_with_descriptor(int socket, std::string bytes, int descriptor) {
  iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(head), &descriptor, sizeof(int));
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

}  // namespace

Qmp::Qmp(http::Socket socket) : socket_(std::move(socket)), framer_(line_limit) {}

asio::awaitable<std::expected<json::Value, std::string>> Qmp::read_line() {
  std::string bytes(4096, '\0');
  while (lines_.empty()) {
    const auto buffer = asio::buffer(bytes);
    const auto [error, count] = co_await socket_.async_read_some(buffer, as_result);
    if (error) co_return std::unexpected("QEMU has closed its control connection");
    lines_ = framer_.feed({bytes.data(), count});
  }
  const auto line = std::move(lines_.front());
  lines_.erase(lines_.begin());
  co_return json::parse(line);
}

asio::awaitable<std::expected<json::Value, std::string>> Qmp::read_answer() {
  for (;;) {
    auto line = co_await read_line();
    if (!line) co_return line;
    if (const auto* const value = json::find(*line, "return")) co_return *value;
    if (const auto* const error = json::find(*line, "error")) {
      co_return std::unexpected("QEMU: " + std::string{json::find_string(*error, "desc")});
    }
    if (json::find(*line, "event") != nullptr) early_events_.push_back(std::move(*line));
  }
}

asio::awaitable<std::expected<void, std::string>> Qmp::greet() {
  const auto greeting = co_await read_line();
  if (!greeting) co_return std::unexpected(greeting.error());
  const auto ready = co_await execute("qmp_capabilities");
  if (!ready) co_return std::unexpected(ready.error());
  co_return std::expected<void, std::string>{};
}

asio::awaitable<std::expected<json::Value, std::string>> Qmp::execute(std::string command,
                                                                      json::Object arguments) {
  const auto line = command_line(command, std::move(arguments));
  const auto buffer = asio::buffer(line);
  const auto [error, count] = co_await asio::async_write(socket_, buffer, as_result);
  if (error) co_return std::unexpected("QEMU has closed its control connection");
  co_return co_await read_answer();
}

asio::awaitable<std::expected<void, std::string>> Qmp::give_file(int descriptor, std::string name) {
  auto line = command_line("getfd", {{"fdname", name}});
  if (!send_with_descriptor(socket_.native_handle(), std::move(line), descriptor)) {
    co_return std::unexpected("a file cannot be handed to QEMU: " + std::generic_category().message(errno));
  }
  const auto answer = co_await read_answer();
  if (!answer) co_return std::unexpected(answer.error());
  co_return std::expected<void, std::string>{};
}

asio::awaitable<std::expected<json::Value, std::string>> Qmp::next_event() {
  if (early_events_.empty()) co_return co_await read_line();
  auto event = std::move(early_events_.front());
  early_events_.pop_front();
  co_return event;
}

asio::awaitable<std::expected<json::Value, std::string>> Qmp::wait_for_event(std::string name) {
  for (;;) {
    const auto event = co_await next_event();
    if (!event) co_return std::unexpected(event.error());
    if (json::find_string(*event, "event") != name) continue;
    const auto* const data = json::find(*event, "data");
    co_return data != nullptr ? *data : json::Value{};
  }
}

}  // namespace butler::vm
