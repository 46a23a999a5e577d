#include "gateway/gateway_lock.hpp"

#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <system_error>

#include "postgres/migrations.hpp"
#include "postgres/role_locks.hpp"
#include "process/role.hpp"
#include "sql/postgres.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

/// Out of the way of the other locks of Butler (0x6275746C'6572'….), of the migrations and the orchestrator.
constexpr std::int64_t first_bot_lock = 0x6270'0000'0000'0000;

/// A holder whose machine is gone is missed by the server after 25 seconds, not after two hours. (It has no
/// meaning over a socket file, and does no harm there.)
constexpr const char* liveness =
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";
/// A statement that waits keeps what it could see: without an end, the server could clean up nothing.
constexpr const char* standby_limits = "SET lock_timeout = '30s'; SET statement_timeout = 0";
constexpr const char* with_limits = "SET lock_timeout = '5s'; SET statement_timeout = '10s'";

/// For the first connection only: the lock has gone with it, and another gateway may have gone on.
class OnConnect {
 public:
  void operator()(postgres::Connection& connection) {
    if (*connected_) {
      throw std::runtime_error("the connection to " + connection.name() +
                               " that held the bot's lock was lost");
    }
    *connected_ = true;
    connection.execute(liveness);
  }

 private:
  std::shared_ptr<bool> connected_ = std::make_shared<bool>(false);
};

/// libpq closes its own descriptor when it likes: the loop waits for a copy.
asio::posix::stream_descriptor readable_end(const asio::any_io_executor& executor,
                                            const postgres::Connection& connection) {
  const int copy = ::dup(connection.socket());
  if (copy < 0) throw std::system_error(errno, std::generic_category(), "dup");
  return {executor, copy};
}

}  // namespace

std::int64_t bot_of_token(const std::string& token) {
  std::int64_t bot_id = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), bot_id);
  if (error != std::errc{} || end == token.data() + token.size() || *end != ':' || bot_id <= 0) {
    throw std::runtime_error("TELEGRAM_BOT_TOKEN does not begin with a bot's number");
  }
  return bot_id;
}

GatewayLock::GatewayLock(const std::string& url, std::int64_t bot_id)
    : key_(first_bot_lock + bot_id),
      connection_(std::make_unique<postgres::Connection>(
          postgres::Target{.url = url,
                           .application = "butler-gateway-" + process::random_hex(4),
                           .on_connect = OnConnect{}})) {}

bool GatewayLock::try_take() {
  return connection_->query("SELECT CASE WHEN pg_try_advisory_lock($1) THEN 1 ELSE 0 END", key_)[0].integer(
             0) == 1;
}

std::string GatewayLock::holder() { return postgres::holder_of_lock(*connection_, key_, "another gateway"); }

/// False when the other one has it still, after the time that a statement may wait.
bool GatewayLock::took(postgres::Connection& connection) {
  try {
    connection.take_answer();
    return true;
  } catch (const postgres::Conflict&) {
    return false;
  }
}

asio::awaitable<void> GatewayLock::take(asio::any_io_executor executor) {
  auto readable = readable_end(executor, *connection_);
  connection_->execute(standby_limits);
  for (bool taken = false; !taken;) {
    connection_->start("SELECT pg_advisory_lock($1)", key_);
    while (!connection_->has_answer()) {
      co_await readable.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    }
    taken = took(*connection_);
  }
  connection_->execute(with_limits);
}

/// A predecessor of this bot that has just ended may hold it a moment longer: waited for.
void GatewayLock::take_database() {
  try {
    connection_->query("SELECT pg_advisory_lock($1)", postgres::gateway_lock);
  } catch (const postgres::Conflict&) {
    const auto holder = postgres::holder_of_lock(*connection_, postgres::gateway_lock, "another");
    if (holder.starts_with("butler-migrate")) {
      throw std::runtime_error("the database " + connection_->name() + " is in use by " + holder +
                               ": start the gateway when that has ended");
    }
    throw std::runtime_error("the database " + connection_->name() +
                             " is in use by the gateway of another bot. Give each bot a database of its own "
                             "(GATEWAY_DATABASE_URL).");
  }
}

GatewayDatabase GatewayLock::open(domain::Timestamp now) && {
  take_database();
  postgres::migrate(*connection_, gateway_postgres_migrations(), now);
  auto& server = *connection_;
  return {.lock = {},
          .database = std::make_unique<sql::PostgresDatabase>(std::move(connection_)),
          .server = &server};
}

asio::awaitable<void> watch_connection(asio::any_io_executor executor, postgres::Connection& connection) {
  auto readable = readable_end(executor, connection);
  for (;;) {
    connection.take_notifications();
    co_await readable.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
  }
}

}  // namespace butler::gateway
