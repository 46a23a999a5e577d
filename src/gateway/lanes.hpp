#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <string>

#include "async/task_group.hpp"
#include "gateway/gateway_store.hpp"

namespace butler::gateway {

/// Work in order inside a lane, lanes side by side. A lane holds nothing in memory but its task: a step takes
/// the lane's oldest work from the store.
class Lanes {
 public:
  /// Does the oldest piece of a lane's work; false when there is none.
  using Step = std::function<boost::asio::awaitable<bool>(Lane)>;

  Lanes(async::TaskGroup& tasks, std::string name, Step step);

  /// There is work in the lane, on disk.
  void wake(Lane lane);

 private:
  boost::asio::awaitable<void> run(Lane lane);

  async::TaskGroup& tasks_;
  std::string name_;
  Step step_;
  std::map<Lane, bool> active_;  ///< lanes with a task, and whether they were woken since its last look
};

}  // namespace butler::gateway
