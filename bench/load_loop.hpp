#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// What the load generator is made of: connections to servers on this machine, driven by one thread, so that
/// it takes as little as it can of the processors that it shares with the server.
namespace load {

using Clock = std::chrono::steady_clock;

/// A duration in milliseconds.
double milliseconds(Clock::duration time);

/// The length of the answer that these bytes begin with; 0 while it is not complete. Throws for a refusal.
using Framing = std::size_t (*)(std::string_view bytes);

/// The framing of an HTTP/1.1 answer with a content-length; any but 2xx is a refusal.
std::size_t http_answer(std::string_view bytes);

/// The framing of beanstalkd's answers: a line, and after RESERVED the job's body.
std::size_t beanstalkd_answer(std::string_view bytes);

/// A connection that is kept open and has at most one request on its way.
class Connection {
 public:
  /// What is done with an answer, and how long after its request it came. It may send the next request.
  using Handler = std::function<void(std::string_view answer, double ms)>;

  /// Connects to 127.0.0.1; throws when nobody listens there.
  Connection(int port, Framing framing);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sets what is done with the answers from here on.
  void on_answer(Handler handler) { handler_ = std::move(handler); }
  /// Sends all of the request.
  void send(std::string_view request);
  /// Takes what has arrived; hands a complete answer over.
  void receive();
  /// The socket.
  [[nodiscard]] int descriptor() const { return socket_; }

 private:
  int socket_ = -1;
  Framing framing_;
  Handler handler_;
  Clock::time_point sent_;
  std::string bytes_;
};

/// Waits for the answers on all of its connections.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// A new connection, which lives as long as the loop.
  Connection& connect(int port, Framing framing);
  /// Hands answers over for so long; returns how many seconds that were.
  double run_for(double seconds);
  /// Hands answers over until this holds; throws when nothing comes for half a minute.
  void run_until(const std::function<bool()>& done);

 private:
  bool turn(int timeout_ms);

  int epoll_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace load
