#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "async/task_group.hpp"
#include "worker/agent.hpp"
#include "worker/pi_process.hpp"
#include "worker/pi_turn.hpp"
#include "worker/tool_gate.hpp"

namespace butler::worker {

/// Answers what pi's extensions ask during one job: the tool gate's questions as the ToolGate decides, once
/// the start of an allowed call is on record; whatever else is asked is cancelled. One thread.
class GateDialogs {
 public:
  using Clock = std::chrono::steady_clock;

  /// What is passed by reference outlives the object.
  GateDialogs(boost::asio::any_io_executor executor, const ToolGate& gate) : gate_(gate), tasks_(executor) {}

  /// Takes the dialog; its answer follows when there is one. Turn, process and listener live until end().
  void answer(const pi::Dialog& dialog, pi::Turn& turn, PiProcess& process, AgentListener& listener);

  /// No call starts any more: the job is being ended.
  void close() { closed_ = true; }

  /// True while pi waits for an answer, which is no silence of its own.
  bool waiting() const { return open_ > 0; }
  /// When the last answer was given.
  Clock::time_point answered() const { return answered_; }

  /// Leaves what is open unanswered.
  boost::asio::awaitable<void> end();

 private:
  struct Asked {
    std::string dialog_id;
    CallQuestion call;
    pi::Turn& turn;
    PiProcess& process;
    AgentListener& listener;
  };

  boost::asio::awaitable<void> decide(Asked asked);
  boost::asio::awaitable<Permission> permission_for(const Asked& asked);

  const ToolGate& gate_;
  async::TaskGroup tasks_;
  int open_ = 0;
  bool closed_ = false;
  Clock::time_point answered_ = Clock::time_point::min();
};

}  // namespace butler::worker
