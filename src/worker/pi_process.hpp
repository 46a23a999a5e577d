#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "process/child_process.hpp"
#include "process/line_framer.hpp"
#include "sandbox/sandbox.hpp"
#include "worker/pi_protocol.hpp"

namespace butler::worker {

/// One running `pi --mode rpc`: commands in, records out. Its output is always read, so that pi never stalls
/// on it. One thread. end() has to be awaited before the destruction.
class PiProcess {
 public:
  using Clock = std::chrono::steady_clock;

  PiProcess(boost::asio::any_io_executor executor, sandbox::Started started);

  /// Queues a command line for pi; lost when pi has ended.
  void send(std::string line);

  /// From now on records are kept for next(), older ones are dropped; or no longer.
  void listen(bool on);

  /// The next record. nullopt at the deadline, after wake(), and when pi has ended and no record is left.
  boost::asio::awaitable<std::optional<pi::Record>> next(Clock::time_point deadline);
  void wake();

  /// What has changed in the workspace is where pi works, or where everybody else does. Sentences about what
  /// was left out; none in a sandbox without copies. The error says why nothing was done.
  /// Given up at the deadline, which is asked for again after each wake(): half of the files may be there
  /// then, and pi is of no use any more.
  using Deadline = std::function<Clock::time_point()>;
  boost::asio::awaitable<sandbox::Copies::Transfer> bring_files_in(Deadline deadline);
  boost::asio::awaitable<sandbox::Copies::Transfer> bring_files_out(Deadline deadline);
  /// Whether pi works on copies.
  bool has_copies() const { return copies_ != nullptr; }

  /// True once pi is gone; what it had said before is still there.
  bool ended() const { return end_.has_value(); }
  /// "exit status 1: <the end of its error output>".
  std::string describe_end() const;
  /// When pi last said anything.
  Clock::time_point last_heard() const { return last_heard_; }
  pid_t pid() const { return child_.pid(); }

  /// Ends pi: end of input and SIGTERM, again after half the patience, and SIGKILL for its whole tree after
  /// all of it. Returns when it is gone. What it left running in other sessions is its Scratch's to find.
  boost::asio::awaitable<void> end(std::chrono::milliseconds patience);

 private:
  boost::asio::awaitable<void> read_records();
  boost::asio::awaitable<void> read_errors();
  boost::asio::awaitable<void> write();
  boost::asio::awaitable<void> watch_exit();
  boost::asio::awaitable<void> await_end(Clock::time_point deadline);
  void take_line(const std::string& line);
  boost::asio::awaitable<sandbox::Copies::Transfer> until(
      Deadline deadline, boost::asio::awaitable<sandbox::Copies::Transfer> transfer);
  boost::asio::awaitable<void> carry(boost::asio::awaitable<sandbox::Copies::Transfer> transfer,
                                     std::optional<sandbox::Copies::Transfer>& done);

  boost::asio::any_io_executor executor_;
  process::ChildProcess child_;
  std::unique_ptr<sandbox::Watch> watch_;
  std::unique_ptr<sandbox::Copies> copies_;
  process::LineFramer framer_;
  std::deque<pi::Record> records_;
  bool listening_ = false;
  bool woken_ = false;
  std::string outbox_;
  bool writing_ = false;
  std::string error_tail_;
  int open_streams_ = 2;
  std::optional<process::ExitStatus> end_;
  Clock::time_point last_heard_ = Clock::now();
  async::Event changed_;
  async::TaskGroup tasks_;
};

}  // namespace butler::worker
