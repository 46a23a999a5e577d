#include "postgres/listener.hpp"

#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <system_error>

#include "async/event.hpp"
#include "log/log.hpp"

namespace butler::postgres {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds pause_after_loss{1};
constexpr std::chrono::milliseconds step_of_connecting{20};

}  // namespace

Listener::Listener(asio::any_io_executor executor, Target target, std::vector<std::string> channels,
                   Hooks hooks)
    : executor_(std::move(executor)),
      target_(std::move(target)),
      channels_(std::move(channels)),
      hooks_(std::move(hooks)) {}

asio::awaitable<void> Listener::run() {
  for (;;) {
    try {
      co_await listen_until_lost();
    } catch (const Error& error) {
      log::warn("postgres.not_listening", {{"error", error.what()}});
    }
    co_await async::sleep_for(pause_after_loss);
  }
}

asio::awaitable<void> Listener::listen_until_lost() {
  Connection connection(target_, Connection::Later{});
  while (!connection.connect(std::chrono::milliseconds{0})) co_await async::sleep_for(step_of_connecting);
  for (const auto& channel : channels_) connection.query("LISTEN " + channel);
  // libpq closes its own descriptor when it likes: the loop waits for a copy.
  const int copy = ::dup(connection.socket());
  if (copy < 0) throw std::system_error(errno, std::generic_category(), "dup");
  asio::posix::stream_descriptor readable(executor_, copy);
  hooks_.listening();
  for (;;) {
    for (const auto& notification : connection.take_notifications()) hooks_.heard(notification);
    co_await readable.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
  }
}

}  // namespace butler::postgres
