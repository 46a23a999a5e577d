#include "cli/supervisor.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <span>

#include "cli/exit_code.hpp"
#include "cli/orphans.hpp"
#include "log/log.hpp"
#include "process/line_framer.hpp"
#include "process/role.hpp"

namespace butler::cli {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t longest_line = 65'536;

std::chrono::milliseconds since(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
}

}  // namespace

Supervisor::Supervisor(asio::any_io_executor executor, SupervisorOptions options, Print print)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      print_(std::move(print)),
      ready_socket_(executor_),
      changed_(executor_),
      tasks_(executor_) {
  children_.reserve(options_.children.size());  // tasks refer to them
  for (auto& spec : options_.children) children_.emplace_back().spec = spec;
}

asio::awaitable<int> Supervisor::run() {
  adopt_orphans();
  tasks_.spawn("readiness", hear_readiness());
  tasks_.spawn("orphans", watch_orphans());
  for (Child& child : children_) tasks_.spawn(child.spec.name, keep_running(child));
  while (!stopping_) co_await changed_.wait();
  co_await end_children();
  tasks_.cancel();
  co_await tasks_.join();
  kill_orphans({});
  co_return exit_code_;
}

void Supervisor::stop() {
  stopping_ = true;
  changed_.notify_all();
}

asio::awaitable<void> Supervisor::keep_running(Child& child) {
  if (&child != &children_.front()) co_await wait_until_ready(children_.front());
  while (!stopping_) {
    const auto end = co_await live(child);
    const bool hopeless = end && end->code == exit_config;
    const auto ready_for = child.ready_since ? since(*child.ready_since) : std::chrono::milliseconds{0};
    child.ready_since.reset();
    child.process.reset();
    changed_.notify_all();
    if (stopping_) break;
    if (hopeless) {
      log::error("child.misconfigured", {{"child", child.spec.name}});
      exit_code_ = exit_config;
      stop();
      break;
    }
    const auto restart = plan_restart(options_.restart, child.failures, ready_for);
    child.failures = restart.failures;
    log::warn("child.ended", {{"child", child.spec.name},
                              {"how", end ? end->describe() : "not started"},
                              {"failures", restart.failures},
                              {"restart_in_ms", restart.delay.count()}});
    co_await pause(restart.delay);
  }
}

asio::awaitable<std::optional<process::ExitStatus>> Supervisor::live(Child& child) {
  const auto options = spawn_options(child);
  auto spawned = process::ChildProcess::spawn(executor_, options);
  if (!spawned) {
    log::error("child.not_started", {{"child", child.spec.name}, {"error", spawned.error()}});
    co_return std::nullopt;
  }
  child.process = std::move(*spawned);
  ++child.lives;
  log::info("child.started", {{"child", child.spec.name}, {"pid", child.process->pid()}});
  tasks_.spawn("end of " + child.spec.name, clear_up_after(child, child.lives));
  co_await relay(child.spec.name, *child.process);
  co_return co_await child.process->wait();
}

asio::awaitable<void> Supervisor::relay(std::string name, process::ChildProcess& child) {
  process::LineFramer framer(longest_line);
  std::size_t dropped = 0;
  for (;;) {
    const auto bytes = co_await child.read_stdout();
    for (const auto& line : framer.feed(bytes)) print_(name, line);
    if (bytes.empty()) break;
    if (framer.dropped_lines() != std::exchange(dropped, framer.dropped_lines())) {
      print_(name, "[a line of more than " + std::to_string(longest_line) + " bytes was left out]");
    }
  }
  if (const auto rest = framer.finish()) print_(name, *rest);
}

/// What a child has left behind may hold its output open: the relay would wait for that for ever.
asio::awaitable<void> Supervisor::clear_up_after(Child& child, int life) {
  if (!child.process) co_return;
  co_await child.process->wait();
  const bool same_life = child.lives == life && child.process;
  if (same_life) child.process->signal_group(SIGKILL);
  if (child.spec.starts_processes) kill_orphans(own_processes());
}

asio::awaitable<void> Supervisor::hear_readiness() {
  bool told = false;
  for (;;) {
    const pid_t sender = co_await ready_socket_.receive();
    const auto is_sender = [sender](const Child& child) {
      return child.process && child.process->pid() == sender;
    };
    const auto child = std::ranges::find_if(children_, is_sender);
    if (child == children_.end() || child->ready_since) continue;
    child->ready_since = Clock::now();
    child->was_ready = true;
    log::info("child.ready", {{"child", child->spec.name}, {"pid", sender}});
    changed_.notify_all();
    const bool all =
        std::ranges::all_of(children_, [](const Child& each) { return each.ready_since.has_value(); });
    if (!all) continue;
    log::info("up.ready", {{"again", std::exchange(told, true)}});
    process::notify_ready();
  }
}

asio::awaitable<void> Supervisor::watch_orphans() {
  asio::signal_set ended(executor_, SIGCHLD);
  for (;;) {
    co_await ended.async_wait(asio::use_awaitable);
    reap_orphans(own_processes());
  }
}

asio::awaitable<void> Supervisor::end_children() {
  // The first child serves the others: they hand back to it what they hold, so it goes last.
  const auto deadline = Clock::now() + options_.grace;
  const std::span dependents = std::span(children_).subspan(1);
  ask_to_end(dependents);
  co_await wait_until_ended(dependents, deadline - options_.grace / 4);
  ask_to_end(children_);
  co_await wait_until_ended(children_, deadline);
  for (Child& child : children_) {
    if (!child.process) continue;
    log::warn("child.killed", {{"child", child.spec.name}, {"pid", child.process->pid()}});
    child.process->kill_tree();
  }
  while (any_running(children_)) co_await changed_.wait();
}

void Supervisor::ask_to_end(std::span<Child> children) {
  for (Child& child : children) {
    if (child.process) child.process->signal_group(SIGTERM);
  }
}

asio::awaitable<void> Supervisor::wait_until_ended(std::span<const Child> children,
                                                   Clock::time_point deadline) {
  bool in_time = true;
  while (in_time && any_running(children)) in_time = co_await changed_.wait_until(deadline);
}

asio::awaitable<void> Supervisor::wait_until_ready(Child& child) {
  while (!stopping_ && !child.was_ready) co_await changed_.wait();
}

asio::awaitable<void> Supervisor::pause(std::chrono::milliseconds delay) {
  const auto deadline = Clock::now() + delay;
  while (!stopping_ && Clock::now() < deadline) co_await changed_.wait_until(deadline);
}

process::SpawnOptions Supervisor::spawn_options(const Child& child) const {
  process::SpawnOptions options;
  options.arguments = child.spec.arguments;
  options.program = child.spec.program;
  options.environment = child.spec.environment;
  options.environment.push_back("NOTIFY_SOCKET=" + ready_socket_.address());
  options.environment.push_back(std::string{process::parent_variable} + "=" + std::to_string(::getpid()));
  options.stdin_mode = process::Stdin::null;
  options.stderr_mode = process::Stderr::merged_into_stdout;
  return options;
}

std::set<pid_t> Supervisor::own_processes() const {
  std::set<pid_t> pids;
  for (const Child& child : children_) {
    if (child.process) pids.insert(child.process->pid());
  }
  return pids;
}

bool Supervisor::any_running(std::span<const Child> children) {
  return std::ranges::any_of(children, [](const Child& child) { return child.process.has_value(); });
}

}  // namespace butler::cli
