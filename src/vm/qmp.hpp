#pragma once

#include <boost/asio/awaitable.hpp>
#include <deque>
#include <expected>
#include <string>

#include "http/socket.hpp"
#include "json/value.hpp"
#include "process/line_framer.hpp"

namespace butler::vm {

/// QEMU's control connection (QMP, its machine protocol). One command at a time. An event
/// that comes before a command's answer is kept for wait_for_event(): QEMU says "active", and may have said
/// before that it is done.
class Qmp {
 public:
  explicit Qmp(http::Socket socket);

  /// Reads the greeting and ends the negotiation. To be called first.
  boost::asio::awaitable<std::expected<void, std::string>> greet();

  /// Runs a command and returns what it returns. The error is QEMU's sentence, or why the connection is over.
  boost::asio::awaitable<std::expected<json::Value, std::string>> execute(std::string command,
                                                                          json::Object arguments = {});

  /// As `getfd`: gives QEMU an open file (which stays ours, too) under a name.
  boost::asio::awaitable<std::expected<void, std::string>> give_file(int descriptor, std::string name);

  /// The data of the next event of that name that nobody has been given.
  boost::asio::awaitable<std::expected<json::Value, std::string>> wait_for_event(std::string name);

 private:
  boost::asio::awaitable<std::expected<json::Value, std::string>> read_line();
  boost::asio::awaitable<std::expected<json::Value, std::string>> read_answer();
  boost::asio::awaitable<std::expected<json::Value, std::string>> next_event();

  http::Socket socket_;
  process::LineFramer framer_;
  std::vector<std::string> lines_;  ///< read, not looked at yet
  std::deque<json::Value> early_events_;
};

}  // namespace butler::vm
