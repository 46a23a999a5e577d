#include "http/deadlines.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>

namespace butler::http {

constexpr auto never = Deadlines::Clock::time_point::max();

/// Shared with the entries and with the timer's own wait: whichever goes last, nobody looks at something
/// dead.
class Deadlines::Timer : public std::enable_shared_from_this<Timer> {
 public:
  Timer(const boost::asio::any_io_executor& executor, Clock::duration resolution)
      : timer_(executor), resolution_(resolution) {}

  std::list<Entry*>::iterator add(Entry& entry) { return entries_.insert(entries_.end(), &entry); }

  void remove(std::list<Entry*>::iterator place) {
    entries_.erase(place);
    if (entries_.empty()) stop();  // an event loop without other work must be able to end
  }

  void wake_by(Clock::time_point at) {
    if (at >= next_sweep_) return;
    next_sweep_ = at;
    timer_.expires_at(at);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->sweep();
    });
  }

  void stop() {
    next_sweep_ = never;
    timer_.cancel();
  }

 private:
  void sweep() {
    const auto now = Clock::now();
    if (now < next_sweep_) return;  // set again after this wait had ended
    auto earliest = never;
    for (Entry* entry : entries_) {
      if (entry->at_ <= now) {
        entry->clear();
        entry->on_expiry_();
      }
      earliest = std::min(earliest, entry->at_);
    }
    next_sweep_ = never;
    if (earliest != never) wake_by(std::max(earliest, now + resolution_));
  }

  boost::asio::steady_timer timer_;
  Clock::duration resolution_;
  Clock::time_point next_sweep_ = never;
  std::list<Entry*> entries_;
};

Deadlines::Deadlines(const boost::asio::any_io_executor& executor, Clock::duration resolution)
    : timer_(std::make_shared<Timer>(executor, resolution)) {}

Deadlines::~Deadlines() { timer_->stop(); }

Deadlines::Entry::Entry(Deadlines& deadlines, std::function<void()> on_expiry)
    : timer_(deadlines.timer_), on_expiry_(std::move(on_expiry)), place_(timer_->add(*this)) {}

Deadlines::Entry::~Entry() { timer_->remove(place_); }

void Deadlines::Entry::set(Clock::time_point at) {
  at_ = at;
  timer_->wake_by(at);
}

}  // namespace butler::http
