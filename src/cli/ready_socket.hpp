#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <string>

namespace butler::cli {

/// The supervisor's end of sd_notify(3)'s protocol: a datagram socket in the abstract namespace, so that a
/// child that has become another user reaches it.
class ReadySocket {
 public:
  explicit ReadySocket(const boost::asio::any_io_executor& executor);

  /// For the children's $NOTIFY_SOCKET.
  const std::string& address() const { return address_; }

  /// The next process that says READY=1; the kernel vouches for its number. Other messages are passed over.
  boost::asio::awaitable<pid_t> receive();

 private:
  std::string address_;
  boost::asio::posix::stream_descriptor socket_;
};

}  // namespace butler::cli
