#include "http/client.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <list>
#include <optional>
#include <stdexcept>
#include <unordered_set>

#include "http/body.hpp"
#include "http/client_connection.hpp"
#include "http/deadlines.hpp"
#include "http/message_writer.hpp"

namespace butler::http {

namespace asio = boost::asio;
using Clock = Deadlines::Clock;
using Outcome = ClientError::Outcome;

/// What the calls of one client share. A call in progress holds it too, so that it may outlive its client.
class Client::Pool {
 public:
  Pool(const asio::any_io_executor& executor, Url base, ClientOptions options, Authorities authorities)
      : executor_(executor),
        base_(std::move(base)),
        options_(options),
        authorities_(std::move(authorities)),
        deadlines_(executor, std::chrono::milliseconds{1}) {
    if (!base_.tls) return;
    tls_.emplace(asio::ssl::context::tls_client);
    tls_->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    trust_authorities();
  }

  const Url& base() const { return base_; }

  /// For messages.
  std::string address() const {
    return base_.socket_path.empty() ? base_.host + ":" + base_.port : base_.socket_path;
  }

  static asio::awaitable<std::expected<Response, ClientError>> send(std::shared_ptr<Pool> pool,
                                                                    Request request,
                                                                    std::chrono::milliseconds timeout) {
    auto response = co_await exchange(std::move(pool), std::move(request), Clock::now() + timeout);
    if (!response) co_await throw_if_cancelled();
    co_return response;
  }

  static asio::awaitable<std::expected<ResponseStream, ClientError>> open_stream(
      std::shared_ptr<Pool> pool, Request request, std::chrono::milliseconds timeout) {
    auto stream = co_await begin(std::move(pool), std::move(request), Clock::now() + timeout);
    if (!stream) co_await throw_if_cancelled();
    co_return stream;
  }

  void end_waiting() {
    for (ClientConnection* const connection : waiting_) connection->set_deadline(Clock::now());
  }

  static asio::awaitable<void> throw_if_cancelled() {
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
      throw boost::system::system_error(asio::error::operation_aborted);
    }
  }

 private:
  void trust_authorities() {
    if (authorities_.text.empty()) {
      tls_->set_default_verify_paths();  // SSL_CERT_FILE and SSL_CERT_DIR, when set, instead of the system's
      return;
    }
    boost::system::error_code error;
    tls_->add_certificate_authority(asio::buffer(authorities_.text), error);
    // A server's certificate that is trusted by itself may have been signed by somebody else.
    ::X509_VERIFY_PARAM_set_flags(::SSL_CTX_get0_param(tls_->native_handle()), X509_V_FLAG_PARTIAL_CHAIN);
    if (!error) return;
    throw std::runtime_error(authorities_.setting + " holds no certificate in PEM form that can be read (" +
                             error.message() + ")");
  }

  /// A connection on which a request has been written.
  struct Asked {
    std::unique_ptr<ClientConnection> connection;
    std::string write_error;  ///< empty when all of it was written
  };

  static asio::awaitable<std::expected<Asked, ClientError>> ask(std::shared_ptr<Pool> pool, Request request,
                                                                Clock::time_point deadline) {
    auto head = request_head_text(pool->base_, request);
    if (!head) co_return failure(Outcome::not_sent, *pool, head.error());

    auto connection = pool->take_idle();
    if (!connection) {
      auto opened = co_await open(pool, deadline);
      if (!opened) co_return failure(Outcome::not_sent, *pool, opened.error());
      connection = std::move(*opened);
    }
    connection->set_deadline(deadline);
    const auto written = request.source ? co_await connection->write(std::move(*head), *request.source)
                                        : co_await connection->write(std::move(*head), request.body);
    if (!written.anything) co_return failure(Outcome::not_sent, *pool, written.error);
    co_return Asked{.connection = std::move(connection), .write_error = written.error};
  }

  static asio::awaitable<std::expected<Response, ClientError>> exchange(std::shared_ptr<Pool> pool,
                                                                        Request request,
                                                                        Clock::time_point deadline) {
    const bool without_body = request.head.method == "HEAD";
    const bool is_repeatable = request.source == nullptr;
    auto asked = co_await ask(pool, std::move(request), deadline);
    if (!asked) co_return std::unexpected(std::move(asked.error()));

    const Waiting waiting(*pool, is_repeatable ? asked->connection.get() : nullptr);
    // A server that refuses a large body answers before it has read all of it: look for that answer even so.
    auto response = co_await asked->connection->read_response(pool->options_.response_limit, without_body);
    if (!response) {
      const auto& why = asked->write_error.empty() ? response.error() : asked->write_error;
      auto error = failure(Outcome::unknown, *pool, why);
      error.error().timed_out = asked->connection->has_timed_out();
      co_return error;
    }
    asked->connection->clear_deadline();
    if (asked->write_error.empty() && asked->connection->is_reusable()) {
      pool->keep(std::move(asked->connection));
    }
    co_return std::move(*response);
  }

  static asio::awaitable<std::expected<ResponseStream, ClientError>> begin(std::shared_ptr<Pool> pool,
                                                                           Request request,
                                                                           Clock::time_point deadline) {
    const bool without_body = request.head.method == "HEAD";
    auto asked = co_await ask(pool, std::move(request), deadline);
    if (!asked) co_return std::unexpected(std::move(asked.error()));

    auto head = co_await asked->connection->read_head(pool->options_.response_limit, without_body);
    if (!head) {
      const auto& why = asked->write_error.empty() ? head.error() : asked->write_error;
      co_return failure(Outcome::unknown, *pool, why);
    }
    asked->connection->clear_deadline();
    const bool whole = asked->write_error.empty();
    auto give_back = [pool, whole](std::unique_ptr<ClientConnection> connection) {
      if (whole) pool->keep(std::move(connection));
    };
    co_return ResponseStream(std::move(*head), std::move(asked->connection), std::move(give_back));
  }

  /// A connection whose answer has not come; null for one that end_waiting() leaves alone.
  class Waiting {
   public:
    Waiting(Pool& pool, ClientConnection* connection) : pool_(pool), connection_(connection) {
      if (connection_ != nullptr) pool_.waiting_.insert(connection_);
    }
    ~Waiting() { pool_.waiting_.erase(connection_); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    Pool& pool_;
    ClientConnection* connection_;
  };

  struct Idle {
    std::unique_ptr<ClientConnection> connection;
    Clock::time_point since;
  };

  static std::unexpected<ClientError> failure(Outcome outcome, const Pool& pool, const std::string& why) {
    return std::unexpected(ClientError{.outcome = outcome, .message = pool.address() + ": " + why});
  }

  /// The most recently used connection that is still open: the others are left to grow old.
  std::unique_ptr<ClientConnection> take_idle() {
    const auto oldest = Clock::now() - options_.idle_limit;
    std::erase_if(idle_, [oldest](const Idle& idle) { return idle.since < oldest; });
    while (!idle_.empty()) {
      auto connection = std::move(idle_.back().connection);
      idle_.pop_back();
      if (connection->is_quiet()) return connection;
    }
    return nullptr;
  }

  void keep(std::unique_ptr<ClientConnection> connection) {
    if (options_.idle_connections == 0) return;
    while (idle_.size() >= options_.idle_connections) idle_.pop_front();
    idle_.push_back({.connection = std::move(connection), .since = Clock::now()});
  }

  static asio::awaitable<std::expected<std::unique_ptr<ClientConnection>, std::string>> open(
      std::shared_ptr<Pool> pool, Clock::time_point deadline) {
    deadline = std::min(deadline, Clock::now() + pool->options_.connect_timeout);
    const auto endpoints = co_await resolve(pool->executor_, pool->base_, deadline);
    if (!endpoints) co_return std::unexpected(endpoints.error());

    std::string why = "no address";
    for (std::size_t i = 0; i < endpoints->size(); ++i) {
      auto connection = std::make_unique<ClientConnection>(pool->executor_, pool->deadlines_,
                                                           pool->tls_ ? &*pool->tls_ : nullptr);
      // An address that swallows packets (a broken IPv6 route) must leave time for the next one.
      const auto now = Clock::now();
      connection->set_deadline(now + (deadline - now) / static_cast<int>(endpoints->size() - i));
      const auto connected = co_await connection->connect((*endpoints)[i]);
      if (!connected) {
        why = connected.error();
        continue;
      }
      connection->set_deadline(deadline);
      const auto secured = co_await connection->secure(pool->base_.host, pool->authorities_.setting);
      if (!secured) co_return std::unexpected(secured.error());
      co_return connection;
    }
    co_return std::unexpected(why);
  }

  asio::any_io_executor executor_;
  Url base_;
  ClientOptions options_;
  Authorities authorities_;
  Deadlines deadlines_;
  std::optional<asio::ssl::context> tls_;
  std::list<Idle> idle_;
  std::unordered_set<ClientConnection*> waiting_;
};

ResponseStream::ResponseStream(Response head, std::unique_ptr<ClientConnection> connection,
                               GiveBack give_back)
    : head_(std::move(head)), connection_(std::move(connection)), give_back_(std::move(give_back)) {}
ResponseStream::ResponseStream(ResponseStream&&) noexcept = default;
ResponseStream::~ResponseStream() = default;

asio::awaitable<std::expected<std::optional<std::string>, std::string>> ResponseStream::read(
    std::chrono::milliseconds timeout) {
  connection_->set_deadline(Clock::now() + timeout);
  auto piece = co_await connection_->read_piece();
  connection_->clear_deadline();
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
  if (piece && !*piece && connection_->is_reusable()) give_back_(std::move(connection_));
  co_return piece;
}

Client::Client(const asio::any_io_executor& executor, Url base, ClientOptions options,
               Authorities authorities)
    : pool_(std::make_shared<Pool>(executor, std::move(base), options, std::move(authorities))) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

// Not a coroutine: the pool is taken when the call is made, not when it is first resumed.
asio::awaitable<std::expected<Response, ClientError>> Client::send(Request request,
                                                                   std::chrono::milliseconds timeout) {
  return Pool::send(pool_, std::move(request), timeout);
}

asio::awaitable<std::expected<ResponseStream, ClientError>> Client::open(Request request,
                                                                         std::chrono::milliseconds timeout) {
  return Pool::open_stream(pool_, std::move(request), timeout);
}

void Client::end_waiting() { pool_->end_waiting(); }

const Url& Client::base() const { return pool_->base(); }

}  // namespace butler::http
