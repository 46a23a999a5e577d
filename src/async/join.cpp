#include "async/join.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

namespace butler::async {

namespace asio = boost::asio;

asio::awaitable<void> join_or_cancel(TaskGroup& group, std::function<void()> on_cancelled) {
  bool cancelled = false;
  try {
    co_await group.join();
  } catch (const boost::system::system_error&) {
    cancelled = true;
  }
  if (!cancelled) co_return;
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  on_cancelled();
  group.cancel();
  co_await group.join();
}

}  // namespace butler::async
