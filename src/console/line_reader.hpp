#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <optional>
#include <string>

namespace butler::console {

/// Lines of a descriptor, read while other things go on: a terminal, a pipe or a file.
class LineReader {
 public:
  /// Opens what the descriptor is anew where that is possible: to read without blocking changes what it is
  /// for everybody who shares it, the shell included.
  LineReader(const boost::asio::any_io_executor& executor, int descriptor);

  /// The next line without its end; nullopt at the end of the input. Throws std::runtime_error for a line of
  /// more than a mebibyte.
  boost::asio::awaitable<std::optional<std::string>> next();

 private:
  boost::asio::posix::stream_descriptor input_;
  std::string read_;  ///< and not handed out
  bool ended_ = false;
};

}  // namespace butler::console
