#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task_group.hpp"
#include "http/deadlines.hpp"
#include "http/socket.hpp"

namespace butler::egress {

struct RelayLimits {
  std::chrono::milliseconds first_bytes_timeout{15'000};  ///< for the client to say whom it wants
  std::chrono::milliseconds idle_timeout{300'000};        ///< without a byte in either direction
  std::uint64_t bytes = std::uint64_t{2} << 30U;          ///< both directions together
};

/// Carries bytes between two connected sockets. The client's first ones are held back until they are known to
/// be what was asked for. One thread; both sockets outlive the call.
class Relay {
 public:
  /// Says of the bytes that the client has sent so far: "" to let them pass, the reason to refuse them, or
  /// nullopt when there have to be more.
  using Inspect = std::function<std::optional<std::string>(std::string_view)>;
  /// Counts bytes that have come; false when no more may pass.
  using Count = std::function<bool(std::size_t)>;

  Relay(http::Socket& client, http::Socket& server, http::Deadlines& deadlines, RelayLimits limits,
        Inspect inspect, Count count);

  /// `early`: what the client has sent already. Returns when both have ended, when a limit is reached or when
  /// the task is cancelled.
  boost::asio::awaitable<void> run(std::string early);

  /// Why it was cut off, as a sentence; "" when it ended by itself.
  const std::string& cut() const { return cut_; }
  /// True when it was cut off for what the client sent first.
  bool was_refused() const { return refused_; }
  std::uint64_t sent() const { return sent_; }          ///< by the client
  std::uint64_t received() const { return received_; }  ///< by the client

 private:
  boost::asio::awaitable<void> upload(std::string early);
  boost::asio::awaitable<void> download();
  boost::asio::awaitable<bool> pass_first_bytes(std::string early);
  boost::asio::awaitable<bool> pass(http::Socket& from, http::Socket& to, std::uint64_t& passed,
                                    std::vector<char>& buffer);
  bool take(std::uint64_t& passed, std::size_t size);
  void stop(std::string why);

  http::Socket& client_;
  http::Socket& server_;
  RelayLimits limits_;
  Inspect inspect_;
  Count count_;
  http::Deadlines::Entry deadline_;
  bool inspected_ = false;
  bool refused_ = false;
  std::string cut_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace butler::egress
