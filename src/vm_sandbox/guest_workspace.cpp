#include "vm_sandbox/guest_workspace.hpp"

#include <boost/asio/this_coro.hpp>
#include <filesystem>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "async/task_group.hpp"
#include "domain/mebibyte.hpp"
#include "vm_sandbox/guard.hpp"
#include "vm_sandbox/workspace_return.hpp"

namespace butler::vm_sandbox {

namespace asio = boost::asio;

namespace {

constexpr std::size_t quoted_size = 500;

// The guest's scripts, as its root, in the workspace. $@ are folders to be made.
constexpr const char* unpack =
    "rmdir lost+found; for folder; do mkdir -p \"$folder\" && chown 1000:1000 \"$folder\" || exit; done; "
    "exec cpio -i -d -m -u -H newc";
constexpr const char* pack = "set -o pipefail; find . -xdev -mindepth 1 -print0 | cpio -o -0 -H newc";

vm::Command script(const char* text, const RunPlan& plan) {
  vm::Command command{.id = {}, .arguments = {"/bin/sh", "-c", text, "butler"}};
  command.environment = {"PATH=/bin:/sbin:/usr/bin:/usr/sbin"};
  command.working_directory = plan.workspace;
  command.as_root = true;
  return command;
}

/// The last of it, and never so much that a machine could fill our memory.
asio::awaitable<void> keep_last_words(vm::RunningCommand& command, std::string& words) {
  for (;;) {
    const auto bytes = co_await command.read_stderr();
    if (bytes.empty()) co_return;
    words += bytes;
    if (words.size() > quoted_size) words.erase(0, words.size() - quoted_size);
  }
}

asio::awaitable<void> send(vm::RunningCommand& command, WorkspaceReader& reader, std::string& fault) try {
  for (;;) {
    auto bytes = reader.next();
    if (bytes.empty()) break;
    if (!co_await command.write_stdin(std::move(bytes))) break;
  }
  command.close_stdin();
} catch (const std::runtime_error& problem) {
  fault = problem.what();
  command.kill();
}

asio::awaitable<void> pass_over_output(vm::RunningCommand& command) {
  while (!(co_await command.read_stdout()).empty()) {
  }
}

asio::awaitable<void> receive(vm::RunningCommand& command, ArchiveReader& reader, std::string& fault) try {
  for (;;) {
    const auto bytes = co_await command.read_stdout();
    if (bytes.empty()) co_return;
    if (const auto done = reader.feed(bytes); !done) throw std::runtime_error(done.error());
  }
} catch (const std::runtime_error& problem) {
  fault = problem.what();
  command.kill();
}

/// nullopt when the script did what it should.
std::optional<std::string> problem_of(const std::expected<process::ExitStatus, std::string>& ended,
                                      const std::string& words) {
  if (!ended) return ended.error();
  if (ended->success()) return std::nullopt;
  return ended->describe() + ", " + words;
}

}  // namespace

asio::awaitable<void> stop_processes(vm::Machine& machine) {
  // All that the user may signal, but the shell itself.
  vm::Command command{.id = {}, .arguments = {"/bin/sh", "-c", "kill -9 -1"}};
  command.environment = {"PATH=/bin"};
  auto running = machine.run(std::move(command));
  running.close_stdin();
  co_await running.wait();
}

asio::awaitable<std::expected<std::vector<std::string>, std::string>> GuestWorkspace::bring_in() {
  WorkspaceReader reader(plan_.workspace);
  auto command = script(unpack, plan_);
  command.arguments.insert(command.arguments.end(), plan_.folders.begin(), plan_.folders.end());
  auto running = machine_.run(std::move(command));
  std::string words;
  std::string fault;
  async::TaskGroup tasks(co_await asio::this_coro::executor);
  tasks.spawn("send", send(running, reader, fault));
  tasks.spawn("output", pass_over_output(running));
  tasks.spawn("errors", keep_last_words(running, words));
  const auto ended = co_await running.wait();
  co_await tasks.join();
  if (!fault.empty()) co_return std::unexpected(fault);
  if (const auto problem = problem_of(ended, words)) {
    co_return std::unexpected("the workspace cannot be brought into the virtual machine (it has room for " +
                              std::to_string(plan_.workspace_mib) + " MiB): " + *problem);
  }
  sent_ = reader.manifest();
  std::vector<std::string> sentences;
  for (const auto& path : reader.left_out()) {
    sentences.push_back(path + " could not be brought into the virtual machine");
  }
  co_return sentences;
}

asio::awaitable<std::expected<std::vector<std::string>, std::string>> GuestWorkspace::bring_out() {
  const auto staging = std::filesystem::path{plan_.folder} / "return";
  std::filesystem::create_directories(staging);
  WorkspaceReturn files(staging, std::move(sent_),
                        Guard{std::set<std::string>(plan_.kept.begin(), plan_.kept.end())});
  ArchiveReader reader({.bytes = static_cast<std::uint64_t>(plan_.workspace_mib) * domain::mebibyte}, files);
  auto running = machine_.run(script(pack, plan_));
  running.close_stdin();
  std::string words;
  std::string fault;
  async::TaskGroup tasks(co_await asio::this_coro::executor);
  tasks.spawn("receive", receive(running, reader, fault));
  tasks.spawn("errors", keep_last_words(running, words));
  const auto ended = co_await running.wait();
  co_await tasks.join();
  const std::string unchanged = "the workspace is as before, without what the command changed: ";
  if (!fault.empty()) co_return std::unexpected(unchanged + fault);
  if (const auto problem = problem_of(ended, words)) co_return std::unexpected(unchanged + *problem);
  if (!reader.finished()) co_return std::unexpected(unchanged + "what the machine sent is not whole");
  co_return files.apply(plan_.workspace);
}

}  // namespace butler::vm_sandbox
