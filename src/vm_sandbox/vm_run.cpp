#include "vm_sandbox/vm_run.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <csignal>
#include <cstdio>
#include <iterator>
#include <list>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "vm/command_streams.hpp"
#include "vm/machine.hpp"
#include "vm_sandbox/copies_channel.hpp"
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

/// The folders that come back: the workspace, and others.
class ReturnedFolders {
 public:
  ReturnedFolders(vm::Machine& machine, const RunPlan& plan, const asio::any_io_executor& executor)
      : free_(executor) {
    add(machine, plan, plan.workspace, Guard{std::set<std::string>(plan.kept.begin(), plan.kept.end())});
    for (const auto& tree : plan.trees) {
      if (tree.returned) add(machine, plan, tree.path, {});
    }
  }

  /// All of them, one after the other. Who comes while that is under way waits for it.
  asio::awaitable<Transfer> move(Direction direction) {
    while (busy_) co_await free_.wait();
    busy_ = true;
    std::vector<std::string> sentences;
    std::optional<std::string> error;
    for (auto& folder : folders_) {
      auto moved = co_await attempt(folder, direction);
      if (!moved) {
        error = std::move(moved.error());
        break;
      }
      std::ranges::move(*moved, std::back_inserter(sentences));
    }
    busy_ = false;
    free_.notify_all();
    if (error) co_return std::unexpected(std::move(*error));
    co_return sentences;
  }

 private:
  void add(vm::Machine& machine, const RunPlan& plan, const std::string& path, Guard guard) {
    const auto staging = std::filesystem::path{plan.folder} / ("return-" + std::to_string(folders_.size()));
    folders_.emplace_back(
        machine,
        GuestFolderOptions{
            .path = path, .guard = std::move(guard), .mebibytes = plan.workspace_mib, .staging = staging});
  }

  static asio::awaitable<Transfer> attempt(GuestFolder& folder, Direction direction) try {
    co_return co_await (direction == Direction::in ? folder.bring_in() : folder.bring_out());
  } catch (const std::runtime_error& fault) {
    co_return std::unexpected(fault.what());
  }

  std::list<GuestFolder> folders_;
  async::Event free_;
  bool busy_ = false;
};

asio::awaitable<int> run_in(vm::Machine& machine, RunPlan plan, sandbox::Descriptor requests) {
  const auto executor = co_await asio::this_coro::executor;
  const auto surrounded = co_await bring_surroundings(machine, plan);
  if (!surrounded) throw std::runtime_error(surrounded.error());
  ReturnedFolders folders(machine, plan, executor);
  const auto brought = co_await folders.move(Direction::in);
  if (!brought) throw std::runtime_error(brought.error());
  for (const auto& sentence : *surrounded) tell(sentence);
  for (const auto& sentence : *brought) tell(sentence);
  LineSocket socket(executor, std::move(requests));
  async::TaskGroup service(executor);
  service.spawn("copies", serve_copies(socket, [&](Direction way) { return folders.move(way); }));
  const auto ended = co_await run_command(machine, plan);
  // Behind what was asked for before. Whatever is asked for now is answered by the end of this process.
  const auto kept = co_await folders.move(Direction::out);
  service.cancel();
  co_await service.join();
  if (!ended) throw std::runtime_error(ended.error());
  if (!kept) throw std::runtime_error(kept.error());
  for (const auto& sentence : *kept) tell(sentence);
  co_return ended->number();
}

asio::awaitable<int> run_plan(RunPlan plan, sandbox::Descriptor requests) {
  auto machine = co_await start_job_machine(plan);
  if (!machine) throw std::runtime_error("the virtual machine did not start: " + machine.error());
  async::TaskGroup connections(co_await asio::this_coro::executor);
  connections.spawn("connections", vm::serve_connections(**machine, services_in(plan.folder)));
  std::optional<int> status;
  std::string fault;
  try {
    status = co_await run_in(**machine, std::move(plan), std::move(requests));
  } catch (const std::exception& problem) {
    fault = problem.what();
  }
  co_await (*machine)->stop(std::chrono::milliseconds{0});
  co_await connections.join();
  if (!status) throw std::runtime_error(fault);
  co_return *status;
}

int run_to_end(RunPlan plan, sandbox::Descriptor requests) {
  asio::io_context io{1};
  int status = exit_failed;
  asio::co_spawn(io, run_plan(std::move(plan), std::move(requests)),
                 [&](std::exception_ptr fault, int value) {
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
  sandbox::Descriptor requests{copies_descriptor};
  // Nobody else gets it: neither QEMU nor the tools.
  ::fcntl(requests.get(), F_SETFD, FD_CLOEXEC);
  die_with(static_cast<pid_t>(plan.parent));
  return run_to_end(std::move(plan), std::move(requests));
} catch (const std::exception& fault) {
  std::fprintf(stderr, "butler: %s\n", fault.what());
  return exit_failed;
}

}  // namespace butler::vm_sandbox
