#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "async/event.hpp"

namespace butler::async {

/// Owns spawned coroutines: they can be cancelled and joined, and a fault in one never vanishes.
/// Single-threaded: all calls on the executor's thread. The group must be joined, or its io_context stopped,
/// before it is destroyed.
class TaskGroup {
 public:
  /// Called with the task's name and the fault's text when a task ends by an exception that is not its own
  /// cancellation. By default the fault is logged as `task.fault`.
  using OnFault = std::function<void(std::string_view name, std::string_view what)>;

  explicit TaskGroup(boost::asio::any_io_executor executor, OnFault on_fault = {});
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts the task: inside the call, up to where it first waits, when that is made on the event loop.
  void spawn(std::string name, boost::asio::awaitable<void> task);

  /// Cancels what the tasks wait for; they end with operation_aborted at that point. At once inside the event
  /// loop, else as soon as it runs.
  void cancel();

  /// Returns when no task is left.
  boost::asio::awaitable<void> join();

  std::size_t size() const { return tasks_.size(); }

 private:
  struct Task {
    std::string name;
    boost::asio::cancellation_signal cancel;
  };

  boost::asio::any_io_executor executor_;
  OnFault on_fault_;
  std::list<Task> tasks_;
  Event ended_;
  std::shared_ptr<bool> here_ =
      std::make_shared<bool>(true);  ///< whoever comes later can see that this is gone
};

}  // namespace butler::async
