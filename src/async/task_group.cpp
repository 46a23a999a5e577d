#include "async/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "log/log.hpp"

namespace butler::async {

namespace asio = boost::asio;

TaskGroup::TaskGroup(asio::any_io_executor executor, OnFault on_fault)
    : executor_(std::move(executor)), on_fault_(std::move(on_fault)), ended_(executor_) {
  if (!on_fault_) {
    on_fault_ = [](std::string_view name, std::string_view what) {
      log::error("task.fault", {{"task", name}, {"error", what}});
    };
  }
}

void TaskGroup::spawn(std::string name, asio::awaitable<void> task) {
  const auto entry = tasks_.emplace(tasks_.end());
  entry->name = std::move(name);
  auto on_end = [this, entry](const std::exception_ptr& fault) {
    const std::string task_name = std::move(entry->name);
    tasks_.erase(entry);
    if (fault) {
      try {
        std::rethrow_exception(fault);
      } catch (const boost::system::system_error& error) {
        if (error.code() != asio::error::operation_aborted) on_fault_(task_name, error.what());
      } catch (const std::exception& error) {
        on_fault_(task_name, error.what());
      }
    }
    ended_.notify_all();
  };
  asio::co_spawn(executor_, std::move(task),
                 asio::bind_cancellation_slot(entry->cancel.slot(), std::move(on_end)));
}

void TaskGroup::cancel() {
  // Inside the event loop this is a plain call. From outside, Asio would only queue each task's cancellation,
  // and a task that ends before its turn would take the signal away from under it: then the whole step is
  // queued.
  asio::dispatch(executor_, [this, here = std::weak_ptr{here_}] {
    if (here.expired()) return;
    // A task may end inside emit() and leave the list: step before emitting.
    for (auto task = tasks_.begin(); task != tasks_.end();) {
      auto current = task++;
      current->cancel.emit(asio::cancellation_type::terminal);
    }
  });
}

asio::awaitable<void> TaskGroup::join() {
  while (!tasks_.empty()) co_await ended_.wait();
}

}  // namespace butler::async
