#include "http/file_body.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "files/throw_errno.hpp"

namespace butler::http {

namespace {

std::size_t read_some(int fd, std::span<char> space, const std::string& name) {
  for (;;) {
    const ssize_t count = ::read(fd, space.data(), space.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) files::throw_errno(name);
  }
}

/// The content-length field of a response; 0 when it has none.
std::uint64_t named_length(const Response& head) {
  std::uint64_t length = 0;
  const auto field = head.headers.find("content-length").value_or("");
  std::from_chars(field.data(), field.data() + field.size(), length);
  return length;
}

ReceiveError too_large(std::uint64_t most) {
  return {.kind = ReceiveError::Kind::too_large,
          .message = "the body has more than " + std::to_string(most) + " bytes"};
}

}  // namespace

CompositeSource& CompositeSource::add_text(std::string text) {
  const std::uint64_t size = text.size();
  if (size > 0) parts_.push_back({.text = std::move(text), .left = size});
  size_ += size;
  return *this;
}

CompositeSource& CompositeSource::add_file(const std::filesystem::path& file) {
  files::Descriptor opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  struct stat status{};
  if (!opened.is_open() || ::fstat(opened.get(), &status) != 0) files::throw_errno(file.string());
  if (!S_ISREG(status.st_mode)) {
    throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                            file.string() + ": not a regular file");
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > 0) parts_.push_back({.file = std::move(opened), .name = file.string(), .left = size});
  size_ += size;
  return *this;
}

std::size_t CompositeSource::read(std::span<char> space) {
  if (parts_.empty() || space.empty()) return 0;
  auto& part = parts_.front();
  space = space.first(static_cast<std::size_t>(std::min<std::uint64_t>(space.size(), part.left)));
  std::size_t count = space.size();
  if (part.file.is_open()) {
    count = read_some(part.file.get(), space, part.name);
    if (count == 0) throw std::runtime_error(part.name + ": the file has become shorter");
  } else {
    std::ranges::copy_n(part.text.end() - static_cast<std::ptrdiff_t>(part.left),
                        static_cast<std::ptrdiff_t>(count), space.begin());
  }
  part.left -= count;
  if (part.left == 0) parts_.pop_front();
  return count;
}

std::shared_ptr<CompositeSource> file_source(const std::filesystem::path& file) {
  auto source = std::make_shared<CompositeSource>();
  source->add_file(file);
  return source;
}

boost::asio::awaitable<std::expected<void, ReceiveError>> receive_body(
    ResponseStream& stream, files::FileDraft& draft, ReceiveLimits limits,
    std::function<void(std::string_view)> on_piece) {
  using SteadyClock = std::chrono::steady_clock;
  const auto end = SteadyClock::now() + limits.whole;
  if (named_length(stream.head()) > limits.bytes) co_return std::unexpected(too_large(limits.bytes));
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - SteadyClock::now());
    auto piece = co_await stream.read(std::clamp(left, std::chrono::milliseconds{1}, limits.pause));
    if (!piece) co_return std::unexpected(ReceiveError{.message = std::move(piece.error())});
    if (!*piece) break;
    if (SteadyClock::now() >= end) co_return std::unexpected(ReceiveError{.message = "timed out"});
    if ((*piece)->size() > limits.bytes - draft.size()) co_return std::unexpected(too_large(limits.bytes));
    try {
      draft.add(**piece);
    } catch (const std::system_error& fault) {
      co_return std::unexpected(ReceiveError{.kind = ReceiveError::Kind::file, .message = fault.what()});
    }
    if (on_piece) on_piece(**piece);
  }
  co_return std::expected<void, ReceiveError>{};
}

}  // namespace butler::http
