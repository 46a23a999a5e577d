#include "vm_sandbox/guest_workspace.hpp"

#include <boost/asio/this_coro.hpp>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

#include "async/task_group.hpp"
#include "domain/mebibyte.hpp"
#include "vm_sandbox/surroundings.hpp"
#include "vm_sandbox/workspace_return.hpp"

namespace butler::vm_sandbox {

namespace asio = boost::asio;

namespace {

constexpr std::size_t quoted_size = 500;
constexpr const char* not_whole =
    "what changed outside could not be brought into the virtual machine, so nothing is brought back from it";

// The guest's scripts, as its root.
constexpr const char* unpack = "rmdir lost+found 2>/dev/null; exec cpio -i -d -m -u -H newc";
constexpr const char* pack = "set -o pipefail; find . -xdev -mindepth 1 -print0 | cpio -o -0 -H newc";
constexpr const char* erase = "exec xargs -0 rm -rf --";

/// What a script is given to read.
using Source = std::function<std::string()>;

vm::Command script(const char* text, const std::string& folder) {
  vm::Command command{.id = {}, .arguments = {"/bin/bash", "-c", text, "butler"}};
  command.environment = {"PATH=/bin:/sbin:/usr/bin:/usr/sbin"};
  command.working_directory = folder;
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

asio::awaitable<void> send(vm::RunningCommand& command, const Source& source, std::string& fault) try {
  for (;;) {
    auto bytes = source();
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

/// To all that the guest's user has running, but the shell itself.
asio::awaitable<void> signal_all(vm::Machine& machine, const char* text) {
  vm::Command command{.id = {}, .arguments = {"/bin/sh", "-c", text}};
  command.environment = {"PATH=/bin"};
  auto running = machine.run(std::move(command));
  running.close_stdin();
  co_await running.wait();
}

/// Runs a script in the machine's folder that reads what the source gives.
asio::awaitable<std::expected<void, std::string>> feed(vm::Machine& machine, const char* text,
                                                       std::string folder, Source source) {
  auto running = machine.run(script(text, folder));
  std::string words;
  std::string fault;
  async::TaskGroup tasks(co_await asio::this_coro::executor);
  tasks.spawn("send", send(running, source, fault));
  tasks.spawn("output", pass_over_output(running));
  tasks.spawn("errors", keep_last_words(running, words));
  const auto ended = co_await running.wait();
  co_await tasks.join();
  if (!fault.empty()) co_return std::unexpected(fault);
  if (const auto problem = problem_of(ended, words)) {
    co_return std::unexpected(folder + " cannot be brought into the virtual machine: " + *problem);
  }
  co_return std::expected<void, std::string>{};
}

std::vector<std::string> not_brought(const std::vector<std::string>& paths) {
  std::vector<std::string> sentences;
  sentences.reserve(paths.size());
  for (const auto& path : paths) {
    sentences.push_back(path + " could not be brought into the virtual machine");
  }
  return sentences;
}

}  // namespace

asio::awaitable<void> stop_processes(vm::Machine& machine) { co_await signal_all(machine, "kill -9 -1"); }

asio::awaitable<Transfer> bring_surroundings(vm::Machine& machine, const RunPlan& plan) {
  Surroundings archive(plan);
  const auto done = co_await feed(machine, unpack, "/", [&] { return archive.next(); });
  if (!done) co_return std::unexpected(done.error());
  co_return not_brought(archive.left_out());
}

asio::awaitable<std::expected<void, std::string>> GuestFolder::remove(std::vector<std::string> paths) {
  std::string names;
  for (const auto& path : paths) names += "./" + path + '\0';
  if (names.empty()) co_return std::expected<void, std::string>{};
  co_return co_await feed(machine_, erase, options_.path, [&] { return std::exchange(names, {}); });
}

asio::awaitable<Transfer> GuestFolder::bring_in() {
  if (!known_) co_return std::unexpected(not_whole);
  auto known = *std::exchange(known_, std::nullopt);
  auto gone = outdated_in(options_.path, known);
  for (const auto& path : gone) known.erase(path);
  const auto removed = co_await remove(std::move(gone));
  if (!removed) co_return std::unexpected(removed.error());
  WorkspaceReader reader(options_.path, {.known = std::move(known)});
  auto piece = reader.next();
  // The first round also takes away what mkfs has made.
  if (!std::exchange(begun_, true) || !reader.nothing_sent()) {
    const auto done = co_await feed(machine_, unpack, options_.path,
                                    [&] { return piece.empty() ? reader.next() : std::exchange(piece, {}); });
    if (!done) {
      co_return std::unexpected(done.error() + " (it has room for " + std::to_string(options_.mebibytes) +
                                " MiB)");
    }
  }
  known_ = reader.manifest();
  co_return not_brought(reader.left_out());
}

asio::awaitable<Transfer> GuestFolder::bring_out() {
  if (!known_) co_return std::unexpected(not_whole);
  // A file that vanishes while it is packed would spoil the archive.
  co_await signal_all(machine_, "kill -STOP -1");
  auto brought = co_await take_out();
  co_await signal_all(machine_, "kill -CONT -1");
  co_return brought;
}

asio::awaitable<Transfer> GuestFolder::take_out() try {
  std::error_code missing;
  std::filesystem::remove_all(options_.staging, missing);
  std::filesystem::create_directories(options_.staging);
  const auto limit = static_cast<std::uint64_t>(options_.mebibytes) * domain::mebibyte;
  WorkspaceReturn files(options_.staging, *known_, options_.guard);
  ArchiveReader reader({.bytes = limit}, files);
  auto running = machine_.run(script(pack, options_.path));
  running.close_stdin();
  std::string words;
  std::string fault;
  async::TaskGroup tasks(co_await asio::this_coro::executor);
  tasks.spawn("receive", receive(running, reader, fault));
  tasks.spawn("errors", keep_last_words(running, words));
  const auto ended = co_await running.wait();
  co_await tasks.join();
  const std::string unchanged =
      "the workspace is as before, without what was changed in the virtual machine: ";
  if (!fault.empty()) co_return std::unexpected(unchanged + fault);
  if (const auto problem = problem_of(ended, words)) co_return std::unexpected(unchanged + *problem);
  if (!reader.finished()) co_return std::unexpected(unchanged + "what the machine sent is not whole");
  if (files.bytes() > limit) {
    co_return std::unexpected(unchanged + "with each name of a file as a file of its own it is larger than " +
                              std::to_string(options_.mebibytes) + " MiB");
  }
  auto refused = files.apply(options_.path);
  known_ = files.take_manifest();
  std::filesystem::remove_all(options_.staging, missing);
  co_return refused;
} catch (const std::runtime_error& fault) {
  co_return std::unexpected(fault.what());
}

}  // namespace butler::vm_sandbox
