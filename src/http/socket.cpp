#include "http/socket.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

namespace butler::http {

namespace asio = boost::asio;

Arrived peek(Socket& socket) {
  std::array<char, 1> byte{};
  boost::system::error_code error;
  const std::size_t count = socket.receive(asio::buffer(byte), asio::socket_base::message_peek, error);
  if (error == asio::error::would_block || error == asio::error::try_again) return Arrived::nothing;
  return error || count == 0 ? Arrived::end : Arrived::data;
}

void close_quietly(Socket& socket) {
  boost::system::error_code ignored;
  socket.close(ignored);
}

}  // namespace butler::http
