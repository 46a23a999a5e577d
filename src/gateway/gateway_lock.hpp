#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "domain/timestamp.hpp"
#include "gateway/sql_gateway_store.hpp"
#include "postgres/connection.hpp"

namespace butler::gateway {

/// The number of the bot in front of the ':' of its token. Throws std::runtime_error for what is no token.
std::int64_t bot_of_token(const std::string& token);

/// A session of a PostgreSQL server that holds a bot's lock, or waits for it. The same session writes the
/// gateway's state: whoever has lost the lock can write nothing any more, and so send nothing.
class GatewayLock {
 public:
  /// Connects. Throws postgres::Error.
  GatewayLock(const std::string& url, std::int64_t bot_id);

  /// False when another gateway of this bot has it.
  bool try_take();
  /// Who has it, in words.
  std::string holder();
  /// Returns when the lock is ours: when the other gateway's session ends, however it ends. The server tells;
  /// nothing is polled. Throws postgres::ConnectionLost.
  boost::asio::awaitable<void> take(boost::asio::any_io_executor executor);

  /// The state behind the lock, with the newest schema. Throws std::runtime_error when another bot's gateway
  /// works in the same database.
  GatewayDatabase open(domain::Timestamp now) &&;

 private:
  static bool took(postgres::Connection& connection);

  void take_database();

  std::int64_t key_;
  std::unique_ptr<postgres::Connection> connection_;
};

/// Throws postgres::ConnectionLost as soon as the connection is lost, also while nothing is asked.
boost::asio::awaitable<void> watch_connection(boost::asio::any_io_executor executor,
                                              postgres::Connection& connection);

}  // namespace butler::gateway
