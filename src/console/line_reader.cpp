#include "console/line_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <stdexcept>

#include "async/as_result.hpp"
#include "domain/mebibyte.hpp"
#include "files/throw_errno.hpp"

namespace butler::console {

namespace asio = boost::asio;

namespace {

int open_anew(int descriptor) {
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  int opened = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (opened < 0) opened = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);  // a socket, or another user's terminal
  if (opened < 0) files::throw_errno("standard input");
  return opened;
}

}  // namespace

LineReader::LineReader(const asio::any_io_executor& executor, int descriptor)
    : input_(executor, open_anew(descriptor)) {}

asio::awaitable<std::optional<std::string>> LineReader::next() {
  for (;;) {
    const auto end = read_.find('\n');
    if (end != std::string::npos || ended_) {
      if (end == std::string::npos && read_.empty()) co_return std::nullopt;
      std::string line = read_.substr(0, end);
      read_.erase(0, end == std::string::npos ? end : end + 1);
      if (line.ends_with('\r')) line.pop_back();
      co_return line;
    }
    if (read_.size() > domain::mebibyte) throw std::runtime_error("a line of the input is too long");
    std::array<char, 4'096> buffer{};
    const auto [error, count] = co_await input_.async_read_some(asio::buffer(buffer), async::as_result);
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    ended_ = static_cast<bool>(error);  // the end, or a terminal that has gone
    read_.append(buffer.data(), count);
  }
}

}  // namespace butler::console
