#include "worker/session_pool.hpp"

#include <algorithm>
#include <utility>

#include "log/log.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds usual_patience{4'000};

}  // namespace

SessionPool::SessionPool(asio::any_io_executor executor, Open open, std::chrono::milliseconds idle_limit)
    : open_(std::move(open)),
      idle_limit_(idle_limit),
      end_patience_(usual_patience),
      changed_(executor),
      reaper_(executor),
      endings_(executor) {
  reaper_.spawn("idle sessions", reap_idle());
}

std::expected<PiSession*, std::string> SessionPool::try_acquire(const Conversation& conversation) {
  if (shutting_down_) return std::unexpected(std::string{"the worker is stopping"});
  const std::string& name = conversation.name;
  const auto found = entries_.find(name);
  if (found != entries_.end() && found->second.taken) return nullptr;
  if (found != entries_.end() && found->second.session->process->ended()) {
    close(name);
    return nullptr;
  }
  if (found != entries_.end()) {
    found->second.taken = true;
    return found->second.session.get();
  }
  auto session = open_(conversation);
  if (!session) return std::unexpected(session.error());
  Entry& entry = entries_[name];
  entry = Entry{.session_key = conversation.session_key,
                .session = std::move(*session),
                .taken = true,
                .idle_since = {}};
  return entry.session.get();
}

void SessionPool::release(const Conversation& conversation, Reuse reuse) {
  const auto found = entries_.find(conversation.name);
  if (found == entries_.end()) return;
  if (reuse == Reuse::discard || shutting_down_) return close(conversation.name);
  found->second.taken = false;
  found->second.idle_since = Clock::now();
  changed_.notify_all();
}

void SessionPool::close(const std::string& name) {
  entries_.at(name).taken = true;
  endings_.spawn("end of a session", end_session(name));
}

asio::awaitable<void> SessionPool::end_session(std::string name) {
  const Entry& entry = entries_.at(name);
  PiSession& session = *entry.session;
  const auto patience = end_patience_;
  co_await session.process->end(patience);
  log::info("pi.ended", {{"session", entry.session_key}, {"end", session.process->describe_end()}});
  // The process before the scratch folder: its destruction looks for what the process has left running.
  session.process.reset();
  entries_.erase(name);
  changed_.notify_all();
}

asio::awaitable<void> SessionPool::reap_idle() {
  for (;;) {
    auto next = Clock::time_point::max();
    for (auto& [name, entry] : entries_) {
      if (entry.taken) continue;
      if (entry.idle_since + idle_limit_ <= Clock::now()) {
        close(name);
      } else {
        next = std::min(next, entry.idle_since + idle_limit_);
      }
    }
    co_await changed_.wait_until(next);
  }
}

asio::awaitable<void> SessionPool::shut_down(std::chrono::milliseconds patience) {
  shutting_down_ = true;
  end_patience_ = patience;
  reaper_.cancel();
  co_await reaper_.join();
  for (auto& [name, entry] : entries_) {
    if (!entry.taken) close(name);
  }
  changed_.notify_all();
  while (!entries_.empty()) co_await changed_.wait();
  co_await endings_.join();
}

}  // namespace butler::worker
