#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/event.hpp"
#include "http/deadlines.hpp"
#include "http/message_writer.hpp"
#include "http/server.hpp"
#include "http/socket.hpp"
#include "http/tls_session.hpp"

namespace butler::http {

class Connection;
class RequestParser;

/// What the connections of one server share, and what they hold on to when the server is gone.
struct Hub {
  Hub(const boost::asio::any_io_executor& executor, ServerOptions server_options, Application& served);

  ServerOptions options;
  Application& application;
  Deadlines deadlines;
  async::Event ended;                  ///< a connection has ended
  std::list<Connection*> connections;  ///< the one that became idle longest ago first
  bool stopping = false;
  /// Where bytes are read to and parsed at once, so that an idle connection needs no buffer of its own.
  std::vector<char> scratch;
};

/// One client's connection: reads a request, has it served, reads the next.
class Connection final : public Exchange {
 public:
  Connection(Socket socket, std::shared_ptr<Hub> hub);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Serves the socket until it ends. What takes the connection into a task of its own.
  static boost::asio::awaitable<void> run(Socket socket, std::shared_ptr<Hub> hub);

  /// Closes unless a request has begun to arrive or is being served; false then, and when it was closed
  /// before.
  bool close_if_idle();
  /// Cuts what has been open for longer than strangers may, and has had no request admitted; false for
  /// others.
  bool cut_if_stranger();
  void cut();

  boost::asio::awaitable<void> send(Response response) override;
  boost::asio::awaitable<void> begin_stream(Response head) override;
  boost::asio::awaitable<bool> write(std::string bytes) override;
  void watch_close(std::function<void()> on_close) override;
  void unwatch() override;
  boost::asio::awaitable<Tunnel> tunnel() override;

 private:
  enum class Phase : std::uint8_t { idle, handshake, head, body, serving };
  enum class Answer : std::uint8_t { none, whole, stream };
  using Pieces = std::array<boost::asio::const_buffer, 3>;
  struct Watch {
    std::function<void()> on_close;
  };

  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<std::optional<Request>> receive();
  boost::asio::awaitable<bool> read_more(RequestParser& parser);
  void feed(RequestParser& parser, std::string_view arrived);
  void enter(Phase phase);
  bool is_at_rest();

  boost::asio::awaitable<void> serve(Request request);
  boost::asio::awaitable<void> settle(std::exception_ptr fault);
  boost::asio::awaitable<void> refuse(Response response);
  boost::asio::awaitable<void> linger();
  boost::asio::awaitable<bool> shake_hands();
  boost::asio::awaitable<void> say_goodbye();

  ConnectionField connection_field() const;
  boost::asio::awaitable<void> send_source(BodySource& source, std::string head, bool with_body);
  boost::asio::awaitable<void> write_pieces(Pieces pieces);
  bool write_now(Pieces& pieces);
  void arm(std::shared_ptr<Watch> watch);

  std::shared_ptr<Hub> hub_;
  Socket plain_;
  std::shared_ptr<TlsSession> tls_;  ///< null for a plain connection; else it has the socket
  Socket& socket_;                   ///< whichever it is
  Deadlines::Entry deadline_;
  std::list<Connection*>::iterator place_;
  std::shared_ptr<Watch> watch_;
  Deadlines::Clock::time_point opened_ = Deadlines::Clock::now();
  std::string pending_;  ///< read, and not used by the parser yet
  std::string path_;     ///< of the request in service, for the log
  Phase phase_ = Phase::idle;
  Answer answer_ = Answer::none;
  std::uint64_t streamed_bytes_ = 0;  ///< of the request that is being read: see RequestParser
  bool http_1_0_ = false;
  bool head_only_ = false;
  bool may_tunnel_ = false;  ///< the request is a CONNECT
  bool admitted_ = false;    ///< a request was, at some time
  bool keep_ = true;         ///< another request may follow
  bool gone_ = false;        ///< the client has closed its side
  bool broken_ = false;      ///< nothing more can be written
};

}  // namespace butler::http
