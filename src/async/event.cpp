#include "async/event.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace butler::async {

namespace asio = boost::asio;

asio::awaitable<void> Event::wait() { co_await wait_until(std::chrono::steady_clock::time_point::max()); }

asio::awaitable<bool> Event::wait_until(std::chrono::steady_clock::time_point deadline) {
  Waiter waiter{.timer = asio::steady_timer(executor_, deadline)};
  const auto place = waiters_.insert(waiters_.end(), &waiter);
  struct Leave {
    std::list<Waiter*>& waiters;
    std::list<Waiter*>::iterator place;
    ~Leave() { waiters.erase(place); }
  } leave{waiters_, place};

  const auto [error] = co_await waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (error == asio::error::operation_aborted && !waiter.notified) {
    throw boost::system::system_error(error);
  }
  co_return waiter.notified;
}

void Event::notify_all() {
  for (Waiter* waiter : waiters_) {
    waiter->notified = true;
    waiter->timer.cancel();
  }
}

asio::awaitable<void> sleep_for(std::chrono::steady_clock::duration duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace butler::async
