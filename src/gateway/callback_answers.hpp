#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// What somebody who pressed a button is shown for a moment. Their client waits for it: what takes longer
/// than `patience` is answered with a word that it goes on.
class CallbackAnswers {
 public:
  struct Toast {
    std::string text = {};  ///< shortened to what Telegram takes
    bool alert = false;     ///< in a window that has to be closed
  };

  /// Answers as tasks of `tasks`.
  CallbackAnswers(boost::asio::any_io_executor executor, telegram::BotApi& api, async::TaskGroup& tasks,
                  std::chrono::milliseconds patience)
      : executor_(std::move(executor)), api_(api), tasks_(tasks), patience_(patience) {}

  /// An answer will come; `meanwhile` is the one if it takes too long.
  void expect(const std::string& query_id, std::string meanwhile);

  /// Whether the person has not been answered yet, as far as this process knows.
  bool waits(const std::string& query_id) const { return waiting_.contains(query_id); }

  /// Answers, unless something was answered meanwhile.
  void answer(const std::string& query_id, Toast toast);

 private:
  struct Waiting {
    explicit Waiting(boost::asio::any_io_executor executor) : answered(std::move(executor)) {}

    async::Event answered;
    std::optional<Toast> toast = {};
  };

  boost::asio::awaitable<void> wait(std::string query_id, std::shared_ptr<Waiting> waiting,
                                    std::string meanwhile);
  boost::asio::awaitable<void> send(std::string query_id, Toast toast);

  boost::asio::any_io_executor executor_;
  telegram::BotApi& api_;
  async::TaskGroup& tasks_;
  std::chrono::milliseconds patience_;
  std::map<std::string, std::shared_ptr<Waiting>> waiting_;
};

}  // namespace butler::gateway
