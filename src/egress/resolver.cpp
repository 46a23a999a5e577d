#include "egress/resolver.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

namespace butler::egress {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

using Addresses = std::vector<asio::ip::address>;

/// The system's resolver blocks a thread and cannot be interrupted: who gave up waiting leaves this behind.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), answered(executor) {}

  tcp::resolver resolver;
  asio::steady_timer answered;
  bool done = false;
  boost::system::error_code error;
  Addresses addresses;
};

}  // namespace

asio::awaitable<std::expected<Addresses, std::string>> SystemResolver::resolve(
    std::string name, std::chrono::milliseconds timeout) {
  const auto lookup = std::make_shared<Lookup>(executor_);
  lookup->answered.expires_after(timeout);
  // The dot at the end: no search list makes another name of it.
  lookup->resolver.async_resolve(
      name + ".", "",
      [lookup](const boost::system::error_code& error, const tcp::resolver::results_type& results) {
        lookup->done = true;
        lookup->error = error;
        for (const auto& result : results) lookup->addresses.push_back(result.endpoint().address());
        lookup->answered.cancel();
      });
  co_await lookup->answered.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!lookup->done) co_return std::unexpected(name + " could not be looked up in time");
  if (lookup->error) co_return std::unexpected(name + " could not be found: " + lookup->error.message());
  if (lookup->addresses.empty()) co_return std::unexpected(name + " has no address");
  co_return std::move(lookup->addresses);
}

}  // namespace butler::egress
