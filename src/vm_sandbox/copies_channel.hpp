#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/socket.hpp"
#include "process/line_framer.hpp"
#include "sandbox/copies.hpp"
#include "sandbox/descriptors.hpp"

/// How a worker asks the process that keeps a machine for the files in it: lines of JSON over a socket.
namespace butler::vm_sandbox {

/// Which way files are to go.
enum class Direction : std::uint8_t { in, out };

struct CopiesRequest {
  std::int64_t number = 0;  ///< the answer has the same
  Direction direction = Direction::in;

  bool operator==(const CopiesRequest&) const = default;
};

struct CopiesAnswer {
  std::int64_t number = 0;
  std::vector<std::string> sentences;
  std::optional<std::string> error;

  bool operator==(const CopiesAnswer&) const = default;
};

/// A line, with its end. Of an answer at most 20 sentences, each shortened and made valid UTF-8: they name
/// files, whose names may hold anything.
std::string encode(const CopiesRequest& request);
std::string encode(const CopiesAnswer& answer);
/// nullopt when it is none.
std::optional<CopiesRequest> decode_copies_request(std::string_view line);
std::optional<CopiesAnswer> decode_copies_answer(std::string_view line);

/// The next lines of a socket, one by one.
class LineSocket {
 public:
  LineSocket(const boost::asio::any_io_executor& executor, sandbox::Descriptor connected);

  /// nullopt when the other side has gone.
  boost::asio::awaitable<std::optional<std::string>> read();
  /// False when the other side has gone.
  boost::asio::awaitable<bool> write(std::string line);

 private:
  http::Socket socket_;
  process::LineFramer framer_;
  std::deque<std::string> lines_;
};

/// The worker's end.
std::unique_ptr<sandbox::Copies> ask_for_copies(const boost::asio::any_io_executor& executor,
                                                sandbox::Descriptor connected);

/// The other end: answers requests one after the other until the worker has gone.
boost::asio::awaitable<void> serve_copies(
    LineSocket& socket, std::function<boost::asio::awaitable<sandbox::Copies::Transfer>(Direction)> transfer);

}  // namespace butler::vm_sandbox
