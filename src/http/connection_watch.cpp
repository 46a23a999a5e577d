#include <utility>

#include "http/connection.hpp"

// Whether a client has closed its connection while its answer is waited for.
namespace butler::http {

using boost::system::error_code;

void Connection::watch_close(std::function<void()> on_close) {
  unwatch();
  if (tls_) {
    return tls_->watch_close([this, on_close = std::move(on_close)] {
      gone_ = true;
      on_close();
    });
  }
  watch_ = std::make_shared<Watch>(Watch{std::move(on_close)});
  arm(watch_);
}

void Connection::arm(std::shared_ptr<Watch> watch) {
  socket_.async_wait(Socket::wait_read, [this, watch = std::move(watch)](const error_code& error) {
    if (error || !watch->on_close) return;  // unwatched, and the connection perhaps gone
    switch (peek(socket_)) {
      case Arrived::nothing: return arm(watch);
      case Arrived::data: return;  // the next request: behind it, an end cannot be seen
      case Arrived::end: gone_ = true; std::exchange(watch->on_close, nullptr)();
    }
  });
}

void Connection::unwatch() {
  if (tls_) tls_->unwatch();
  if (!watch_) return;
  watch_->on_close = nullptr;
  watch_.reset();
  error_code ignored;
  socket_.cancel(ignored);
}

}  // namespace butler::http
