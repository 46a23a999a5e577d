#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "worker/pi_session.hpp"

namespace butler::worker {

/// The sessions whose pi is running: kept warm between jobs, ended when idle for long. A session is used by
/// one job at a time. One thread; shut_down() has to be awaited before the destruction.
class SessionPool {
 public:
  using Clock = std::chrono::steady_clock;
  using Open = std::function<std::expected<std::unique_ptr<PiSession>, std::string>(const Conversation&)>;

  enum class Reuse : std::uint8_t { keep_warm, discard };

  SessionPool(boost::asio::any_io_executor executor, Open open, std::chrono::milliseconds idle_limit);

  /// Takes the session, starting its pi if none is running. nullptr while another job has it or it is being
  /// ended: wait for changed(), then try again. The error says why pi could not be started.
  std::expected<PiSession*, std::string> try_acquire(const Conversation& conversation);

  /// Gives the session back. A discarded one is ended; the next job gets a new process.
  void release(const Conversation& conversation, Reuse reuse);

  async::Event& changed() { return changed_; }

  /// How many sessions have a process.
  std::size_t size() const { return entries_.size(); }

  /// Ends every session; those in use have to be released meanwhile. No session is started any more.
  boost::asio::awaitable<void> shut_down(std::chrono::milliseconds patience);

 private:
  struct Entry {
    std::string session_key;
    std::unique_ptr<PiSession> session;
    bool taken = false;  ///< in use, or being ended
    Clock::time_point idle_since;
  };

  void close(const std::string& name);
  boost::asio::awaitable<void> end_session(std::string name);
  boost::asio::awaitable<void> reap_idle();

  Open open_;
  std::chrono::milliseconds idle_limit_;
  std::chrono::milliseconds end_patience_;
  bool shutting_down_ = false;
  std::map<std::string, Entry> entries_;  ///< by the conversation's name
  async::Event changed_;
  async::TaskGroup reaper_;
  async::TaskGroup endings_;
};

}  // namespace butler::worker
