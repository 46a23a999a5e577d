#include "load_loop.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace load {
namespace {

std::size_t number_at(std::string_view text, std::size_t position) {
  std::size_t value = 0;
  std::from_chars(text.data() + position, text.data() + text.size(), value);
  return value;
}

/// Where the value of content-length begins in a head, in whatever case its name is written.
std::size_t content_length_of(std::string_view head) {
  static constexpr std::string_view name = "\r\ncontent-length: ";
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  const auto found = std::ranges::search(head, name, same);
  if (found.empty()) throw std::runtime_error("an answer without content-length");
  return number_at(head, static_cast<std::size_t>(found.end() - head.begin()));
}

}  // namespace

double milliseconds(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

std::size_t http_answer(std::string_view bytes) {
  const auto head_end = bytes.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return 0;
  const std::size_t length = head_end + 4 + content_length_of(bytes.substr(0, head_end + 2));
  if (bytes.size() < length) return 0;
  if (bytes.size() < 12 || bytes[9] != '2') throw std::runtime_error("refused: " + std::string(bytes));
  return length;
}

std::size_t beanstalkd_answer(std::string_view bytes) {
  const auto end = bytes.find("\r\n");
  if (end == std::string_view::npos) return 0;
  const auto line = bytes.substr(0, end);
  if (line.starts_with("INSERTED ") || line == "DELETED") return end + 2;
  if (!line.starts_with("RESERVED ")) throw std::runtime_error("refused: " + std::string(line));
  const std::size_t length = end + 2 + number_at(line, line.rfind(' ') + 1) + 2;
  return bytes.size() < length ? 0 : length;
}

Connection::Connection(int port, Framing framing) : framing_(framing) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to port " + std::to_string(port) + ": " + std::strerror(errno));
  }
}

Connection::~Connection() { close(socket_); }

void Connection::send(std::string_view request) {
  sent_ = Clock::now();
  while (!request.empty()) {
    const ssize_t count = ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
    if (count <= 0) throw std::runtime_error("the server closed the connection");
    request.remove_prefix(static_cast<std::size_t>(count));
  }
}

void Connection::receive() {
  std::array<char, 16'384> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): clearing it would cost
  const ssize_t count = recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) throw std::runtime_error("the server closed the connection");
  bytes_.append(buffer.data(), static_cast<std::size_t>(count));
  const std::size_t length = framing_(bytes_);
  if (length == 0) return;
  if (bytes_.size() != length) throw std::runtime_error("more came than one answer: " + bytes_);
  const std::string answer = std::exchange(bytes_, {});
  handler_(answer, milliseconds(Clock::now() - sent_));
}

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

Loop::~Loop() { close(epoll_); }

Connection& Loop::connect(int port, Framing framing) {
  connections_.push_back(std::make_unique<Connection>(port, framing));
  Connection& made = *connections_.back();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &made;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, made.descriptor(), &event) != 0) throw std::runtime_error("epoll_ctl");
  return made;
}

bool Loop::turn(int timeout_ms) {
  std::array<epoll_event, 64> events{};
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int i = 0; i < count; ++i) {
    static_cast<Connection*>(events.at(static_cast<std::size_t>(i)).data.ptr)->receive();
  }
  return count > 0;
}

double Loop::run_for(double seconds) {
  const auto start = Clock::now();
  while (milliseconds(Clock::now() - start) < seconds * 1000) turn(10);
  return milliseconds(Clock::now() - start) / 1000;
}

void Loop::run_until(const std::function<bool()>& done) {
  while (!done()) {
    if (!turn(30'000)) throw std::runtime_error("nothing came for half a minute");
  }
}

}  // namespace load
