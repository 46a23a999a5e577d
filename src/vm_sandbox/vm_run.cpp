#include "vm_sandbox/vm_run.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <csignal>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <utility>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "vm/command_streams.hpp"
#include "vm/machine.hpp"
#include "vm_sandbox/guest_workspace.hpp"
#include "vm_sandbox/job_machine.hpp"
#include "vm_sandbox/run_plan.hpp"

namespace butler::vm_sandbox {

namespace asio = boost::asio;

namespace {

constexpr int exit_failed = 125;

void die_with(pid_t parent) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || ::getppid() != parent) std::raise(SIGKILL);
}

RunPlan read_plan() {
  struct stat status{};
  if (::fstat(plan_descriptor, &status) != 0) {
    throw std::runtime_error("this is started by Butler, not by hand");
  }
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  if (::pread(plan_descriptor, text.data(), text.size(), 0) != status.st_size) {
    throw std::runtime_error("the machine's plan cannot be read");
  }
  ::close(plan_descriptor);
  auto plan = decode_run_plan(text);
  if (!plan) throw std::runtime_error(plan.error());
  return std::move(*plan);
}

using Ended = std::expected<process::ExitStatus, std::string>;

/// The command as the guest's user. What it leaves running is killed afterwards, by guest_workspace.hpp.
vm::Command command_of(const RunPlan& plan) {
  const std::string script =
      std::string{"umask 077; "} + (plan.merge_errors ? "exec 2>&1; " : "") + "exec \"$@\"";
  vm::Command command{.id = {}, .arguments = {"/bin/sh", "-c", script, "butler"}};
  command.arguments.insert(command.arguments.end(), plan.arguments.begin(), plan.arguments.end());
  command.environment = plan.environment;
  command.working_directory = plan.workspace;
  return command;
}

asio::awaitable<Ended> run_command(vm::Machine& machine, const RunPlan& plan) {
  auto command = machine.run(command_of(plan));
  const auto executor = co_await asio::this_coro::executor;
  async::TaskGroup towards(executor);
  towards.spawn("input", vm::send_input(command));
  towards.spawn("signals", vm::hand_signals_on(command, {SIGINT, SIGTERM, SIGHUP}));
  async::TaskGroup from(executor);
  from.spawn("output", vm::show_output(command));
  from.spawn("errors", vm::show_errors(command));
  auto ended = co_await command.wait();
  // What the command has left in the background may hold its output open: that ends with it.
  co_await stop_processes(machine);
  co_await from.join();
  towards.cancel();
  co_await towards.join();
  co_return ended;
}

void tell(const std::string& sentence) { vm::write_out(STDERR_FILENO, "butler: " + sentence + "\n"); }

asio::awaitable<int> run_in(vm::Machine& machine, RunPlan plan) {
  GuestWorkspace workspace(machine, plan);
  const auto brought = co_await workspace.bring_in();
  if (!brought) throw std::runtime_error(brought.error());
  for (const auto& sentence : *brought) tell(sentence);
  const auto ended = co_await run_command(machine, plan);
  if (!ended) throw std::runtime_error(ended.error());
  const auto kept = co_await workspace.bring_out();
  if (!kept) throw std::runtime_error(kept.error());
  for (const auto& sentence : *kept) tell(sentence);
  co_return vm::exit_status_of(*ended);
}

asio::awaitable<int> run_plan(RunPlan plan) {
  auto machine = co_await start_job_machine(plan);
  if (!machine) throw std::runtime_error("the virtual machine did not start: " + machine.error());
  async::TaskGroup connections(co_await asio::this_coro::executor);
  connections.spawn("connections", vm::serve_connections(**machine, services_in(plan.folder)));
  std::optional<int> status;
  std::string fault;
  try {
    status = co_await run_in(**machine, std::move(plan));
  } catch (const std::exception& problem) {
    fault = problem.what();
  }
  co_await (*machine)->stop(std::chrono::milliseconds{0});
  co_await connections.join();
  if (!status) throw std::runtime_error(fault);
  co_return *status;
}

int run_to_end(RunPlan plan) {
  asio::io_context io{1};
  int status = exit_failed;
  asio::co_spawn(io, run_plan(std::move(plan)), [&](std::exception_ptr fault, int value) {
    if (fault) std::rethrow_exception(fault);
    status = value;
  });
  io.run();
  return status;
}

}  // namespace

int vm_run() try {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::umask(077);
  std::signal(SIGPIPE, SIG_IGN);
  auto plan = read_plan();
  die_with(static_cast<pid_t>(plan.parent));
  return run_to_end(std::move(plan));
} catch (const std::exception& fault) {
  std::fprintf(stderr, "butler: %s\n", fault.what());
  return exit_failed;
}

}  // namespace butler::vm_sandbox
