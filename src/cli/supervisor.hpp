#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "cli/ready_socket.hpp"
#include "cli/restart_policy.hpp"
#include "process/child_process.hpp"

namespace butler::cli {

struct ChildSpec {
  std::string name;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  ///< NAME=VALUE; what the supervisor tells its children is added
  std::filesystem::path program = {};    ///< as in process::SpawnOptions
  bool starts_processes = false;         ///< what it has started ends with it
};

struct SupervisorOptions {
  std::vector<ChildSpec> children;  ///< the first is started first, the others once it was ready
  RestartPolicy restart{};
  std::chrono::milliseconds grace{4'000};  ///< between SIGTERM and SIGKILL
};

/// Keeps children running, each in a process group of its own, until it is asked to stop; then nothing of
/// them is left. One per process: it adopts the orphans of its children. Logs what happens as `child.*` and
/// `up.*`.
class Supervisor {
 public:
  /// Called with each line that a child writes.
  using Print = std::function<void(std::string_view child, std::string_view line)>;

  Supervisor(boost::asio::any_io_executor executor, SupervisorOptions options, Print print);

  /// Runs until stop(), or until a child ends with exit_config: it would do so again. Returns the exit
  /// status.
  boost::asio::awaitable<int> run();

  /// Ends everything: SIGTERM to all groups, SIGKILL after the grace.
  void stop();

 private:
  struct Child {
    ChildSpec spec;
    std::optional<process::ChildProcess> process;
    std::optional<std::chrono::steady_clock::time_point> ready_since;
    bool was_ready = false;
    int failures = 0;
    int lives = 0;
  };

  boost::asio::awaitable<void> keep_running(Child& child);
  boost::asio::awaitable<std::optional<process::ExitStatus>> live(Child& child);
  boost::asio::awaitable<void> relay(std::string name, process::ChildProcess& child);
  boost::asio::awaitable<void> clear_up_after(Child& child, int life);
  boost::asio::awaitable<void> hear_readiness();
  boost::asio::awaitable<void> watch_orphans();
  boost::asio::awaitable<void> end_children();
  boost::asio::awaitable<void> wait_until_ready(Child& child);
  boost::asio::awaitable<void> pause(std::chrono::milliseconds delay);
  process::SpawnOptions spawn_options(const Child& child) const;
  std::set<pid_t> own_processes() const;
  static void ask_to_end(std::span<Child> children);
  boost::asio::awaitable<void> wait_until_ended(std::span<const Child> children,
                                                std::chrono::steady_clock::time_point deadline);
  static bool any_running(std::span<const Child> children);

  boost::asio::any_io_executor executor_;
  SupervisorOptions options_;
  Print print_;
  ReadySocket ready_socket_;
  async::Event changed_;  ///< a child became ready or ended, or stop() was called
  async::TaskGroup tasks_;
  std::vector<Child> children_;
  bool stopping_ = false;
  int exit_code_ = 0;
};

}  // namespace butler::cli
