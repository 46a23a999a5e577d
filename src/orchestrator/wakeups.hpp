#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/commit_queue.hpp"
#include "orchestrator/topics.hpp"
#include "store/peers.hpp"

namespace butler::orchestrator {

/// What the other orchestrators of the database have changed wakes the requests that are parked here.
///
/// They say it with each commit (Peers::announce). What was not heard is noticed by the numbers of the
/// announcements: at the next one, after a lost connection, and by a look every few seconds. Then everything
/// that waits is asked again.
class Wakeups {
 public:
  Wakeups(boost::asio::any_io_executor executor, store::Peers& peers, CommitQueue& commits)
      : executor_(std::move(executor)), peers_(peers), commits_(commits) {}

  /// Both run until cancelled.
  boost::asio::awaitable<void> listen();
  boost::asio::awaitable<void> look_for_missed();

 private:
  void hear(const store::Peers::Announcement& announcement);
  void begin_hearing();
  std::optional<std::int64_t> announced();

  boost::asio::any_io_executor executor_;
  store::Peers& peers_;
  CommitQueue& commits_;
  std::optional<std::int64_t> heard_;  ///< number of the last one; unset while that is not known
  std::int64_t announced_before_ = 0;  ///< what the last look has found
};

/// The topics as texts of at most `most` bytes, unless one topic alone is longer.
std::vector<std::string> to_announcements(const std::vector<Topic>& topics, std::size_t most = 7'000);
/// nullopt when it is none of ours.
std::optional<std::vector<Topic>> from_announcement(std::string_view text);

}  // namespace butler::orchestrator
