#include "postgres/attempt.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <utility>

#include "postgres/client_library.hpp"

namespace butler::postgres {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds longest_attempt{5};

}  // namespace

Attempt::Attempt(const std::string& url, const std::string& sslmode, const std::string& application)
    : deadline_(steady_clock::now() + longest_attempt) {
  // What stands before dbname is a default that the url may change; what stands behind it is not.
  const std::array<const char*, 9> keys{"keepalives_idle",
                                        "keepalives_interval",
                                        "keepalives_count",
                                        "tcp_user_timeout",
                                        "sslmode",
                                        "dbname",
                                        "application_name",
                                        "client_encoding",
                                        nullptr};
  const std::array<const char*, 9> values{
      "10", "5", "3", "10000", sslmode.c_str(), url.c_str(), application.c_str(), "UTF8", nullptr};
  connection_ = libpq().PQconnectStartParams(keys.data(), values.data(), 1);
  if (connection_ == nullptr) throw std::bad_alloc();
  if (libpq().PQstatus(connection_) == CONNECTION_BAD) step_ = PGRES_POLLING_FAILED;
}

Attempt::~Attempt() {
  if (connection_ != nullptr) libpq().PQfinish(connection_);
}

Attempt::State Attempt::go_on(std::chrono::milliseconds longest) {
  const auto until = steady_clock::now() + longest;
  for (;;) {
    if (step_ == PGRES_POLLING_OK) return State::connected;
    if (step_ == PGRES_POLLING_FAILED) return State::failed;
    const auto now = steady_clock::now();
    if (now >= deadline_) return State::failed;
    pollfd watched{.fd = libpq().PQsocket(connection_),
                   .events = static_cast<short>(step_ == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                   .revents = 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::min(until, deadline_) - now);
    const int ready = ::poll(&watched, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) step_ = libpq().PQconnectPoll(connection_);
    if (ready == 0 && steady_clock::now() >= until && until < deadline_) return State::under_way;
  }
}

pg_conn* Attempt::release() { return std::exchange(connection_, nullptr); }

}  // namespace butler::postgres
