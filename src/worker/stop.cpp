#include "worker/stop.hpp"

#include <algorithm>

namespace butler::worker {

namespace asio = boost::asio;

void Stop::request() {
  if (requested()) return;
  expires_ = Clock::now() + grace_;
  changed_.notify_all();
}

asio::awaitable<void> Stop::wait() {
  while (!requested()) co_await changed_.wait();
}

asio::awaitable<void> Stop::wait_expired() {
  while (Clock::now() < expires_) co_await changed_.wait_until(expires_);
}

asio::awaitable<void> Stop::pause(std::chrono::milliseconds duration) {
  const auto until = std::min(Clock::now() + duration, expires_);
  co_await changed_.wait_until(until);
}

}  // namespace butler::worker
