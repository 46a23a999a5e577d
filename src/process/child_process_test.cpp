#include "process/child_process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "process/process_tree.hpp"

namespace butler::process::child_process_test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr auto deadline = 60s;

SpawnOptions shell(const std::string& script) {
  return SpawnOptions{.arguments = {"/bin/sh", "-c", script},
                      .environment = {"PATH=/usr/bin:/bin"},
                      .working_directory = "/"};
}

asio::awaitable<std::string> read_to_end(ChildProcess& child) {
  std::string all;
  for (;;) {
    const auto bytes = co_await child.read_stdout();
    if (bytes.empty()) co_return all;
    all += bytes;
  }
}

/// Reads until `text` has come.
asio::awaitable<std::string> read_until(ChildProcess& child, std::string text) {
  std::string all;
  while (all.find(text) == std::string::npos) {
    const auto bytes = co_await child.read_stdout();
    if (bytes.empty()) break;
    all += bytes;
  }
  co_return all;
}

bool alive(pid_t pid) {
  const auto entries = list_processes();
  const auto entry = std::ranges::find(entries, pid, &ProcessEntry::pid);
  return entry != entries.end() && entry->state != 'Z' && entry->state != 'X';
}

asio::awaitable<void> until(std::function<bool()> condition) {
  while (!condition()) co_await async::sleep_for(5ms);
}

class ChildProcessTest : public testing::Test {
 protected:
  ChildProcess spawn(const SpawnOptions& options) {
    auto child = ChildProcess::spawn(context.get_executor(), options);
    if (!child) throw std::runtime_error(child.error());
    return std::move(*child);
  }

  /// Runs a task to its end, at most until the deadline.
  template <class T>
  T run(asio::awaitable<T> task) {
    std::optional<T> result;
    std::exception_ptr fault;
    asio::co_spawn(context, std::move(task), [&](const std::exception_ptr& error, T value) {
      fault = error;
      result = std::move(value);
    });
    run_until([&] { return result.has_value(); });
    if (fault) std::rethrow_exception(fault);
    if (!result) throw std::runtime_error("the task did not end in time");
    return *result;
  }
  void run(asio::awaitable<void> task) {
    bool done = false;
    std::exception_ptr fault;
    asio::co_spawn(context, std::move(task), [&](const std::exception_ptr& error) {
      fault = error;
      done = true;
    });
    run_until([&] { return done; });
    if (fault) std::rethrow_exception(fault);
    if (!done) throw std::runtime_error("the task did not end in time");
  }

  std::string output_of(const SpawnOptions& options) {
    auto child = spawn(options);
    child.close_stdin();
    return run(read_to_end(child));
  }

  asio::io_context context{1};

 private:
  void run_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    context.restart();
    while (!done() && std::chrono::steady_clock::now() < end) {
      if (context.run_one_until(end) == 0) break;
    }
  }
};

TEST_F(ChildProcessTest, WhatIsWrittenComesBackThroughCat) {
  auto child = spawn({.arguments = {"cat"}, .environment = {"PATH=/usr/bin:/bin"}, .working_directory = "/"});
  EXPECT_TRUE(run(child.write_stdin("hello\n")));
  EXPECT_EQ(run(read_until(child, "\n")), "hello\n");

  child.close_stdin();
  EXPECT_EQ(run(child.read_stdout()), "");
  EXPECT_EQ(run(child.read_stdout()), "") << "the end stays the end";
  EXPECT_TRUE(run(child.wait()).success());
  EXPECT_FALSE(child.running());
}

TEST_F(ChildProcessTest, MoreThanAPipeHoldsGoesBothWays) {
  auto child = spawn({.arguments = {"cat"}, .environment = {"PATH=/usr/bin:/bin"}, .working_directory = "/"});
  const std::string text(3'000'000, 'x');
  async::TaskGroup tasks{context.get_executor()};
  const auto write = [](ChildProcess& to, std::string bytes) -> asio::awaitable<void> {
    co_await to.write_stdin(std::move(bytes));
    to.close_stdin();
  };
  tasks.spawn("write", write(child, text));
  EXPECT_EQ(run(read_to_end(child)).size(), text.size());
  run(tasks.join());
}

TEST_F(ChildProcessTest, TheChildsEndsAreTold) {
  EXPECT_EQ(run(spawn(shell("exit 3")).wait()).describe(), "exit status 3");
  EXPECT_EQ(run(spawn(shell("exit 0")).wait()).describe(), "exit status 0");
  EXPECT_EQ(run(spawn(shell("kill -KILL $$")).wait()).describe(), "killed by SIGKILL");
  EXPECT_EQ(run(spawn(shell("kill -TERM $$")).wait()).signal, SIGTERM);
}

TEST_F(ChildProcessTest, WritingToAChildThatHasGoneIsFalse) {
  auto child = spawn(shell("exec <&-; echo closed; exec sleep 60"));
  run(read_until(child, "closed"));
  EXPECT_FALSE(run(child.write_stdin("x")));
  child.close_stdin();
  EXPECT_FALSE(run(child.write_stdin("x")));
}

TEST_F(ChildProcessTest, AMissingProgramNamesItself) {
  const SpawnOptions options{
      .arguments = {"no-such-program"}, .environment = {"PATH=/usr/bin:/bin"}, .working_directory = "/"};
  const auto child = ChildProcess::spawn(context.get_executor(), options);
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error(), "cannot start 'no-such-program': not found, PATH=/usr/bin:/bin");
}

TEST_F(ChildProcessTest, AFileThatIsNoProgramNamesItself) {
  std::string pattern = testing::TempDir() + "butler-program-XXXXXX";
  const int fd = ::mkstemp(pattern.data());
  ASSERT_EQ(::write(fd, "\x7f\x45LFx", 5), 5);
  ::fchmod(fd, 0755);
  ::close(fd);
  const SpawnOptions options{.arguments = {pattern}, .environment = {}, .working_directory = "/"};
  const auto child = ChildProcess::spawn(context.get_executor(), options);
  std::filesystem::remove(pattern);
  ASSERT_FALSE(child);
  EXPECT_THAT(child.error(), StartsWith("cannot start '" + pattern));
  EXPECT_THAT(child.error(), HasSubstr("Exec format error"));
}

TEST_F(ChildProcessTest, TheEnvironmentIsExactlyWhatWasGiven) {
  ::setenv("BUTLER_CANARY", "secret", 1);
  SpawnOptions options{
      .arguments = {"/usr/bin/env"}, .environment = {"B=two words", "A=1"}, .working_directory = "/"};
  EXPECT_EQ(output_of(options), "B=two words\nA=1\n");
  options.environment.clear();
  EXPECT_EQ(output_of(options), "");
  ::unsetenv("BUTLER_CANARY");
}

TEST_F(ChildProcessTest, TheWorkingDirectoryIsTheOneGiven) {
  auto options = shell("pwd -P");
  options.working_directory = "/usr/bin";
  EXPECT_EQ(output_of(options), std::filesystem::canonical("/usr/bin").string() + "\n");
}

TEST_F(ChildProcessTest, AProgramCanRunUnderAnotherName) {
  auto options = shell("");
  options.arguments = {"somebody", "-c", "tr '\\0' ' ' < /proc/$$/cmdline"};
  options.program = "/bin/sh";
  EXPECT_THAT(output_of(options), StartsWith("somebody -c"));
}

TEST_F(ChildProcessTest, NoDescriptorIsInherited) {
  const int leaky = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  const auto sibling = spawn(shell("cat"));
  // ls itself opens the folder that it lists.
  EXPECT_EQ(output_of(shell("exec ls /proc/self/fd")), "0\n1\n2\n3\n");
  ::close(leaky);
}

TEST_F(ChildProcessTest, SignalsAreAtTheirDefaultsAndNoneIsBlocked) {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  const auto status = output_of(
      {.arguments = {"/bin/cat", "/proc/self/status"}, .environment = {}, .working_directory = "/"});
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  EXPECT_THAT(status, HasSubstr("SigBlk:\t0000000000000000"));
  const auto ignored = std::stoull(status.substr(status.find("SigIgn:") + 8), nullptr, 16);
  EXPECT_EQ(ignored & 0x7FFF'FFFFU, 0U) << "glibc keeps its own two, 32 and 33, to itself";
}

TEST_F(ChildProcessTest, NullStdinIsAnEmptyFile) {
  auto options = shell("cat; echo end");
  options.stdin_mode = Stdin::null;
  auto child = spawn(options);
  EXPECT_EQ(run(read_to_end(child)), "end\n");
  EXPECT_FALSE(run(child.write_stdin("x")));
}

TEST_F(ChildProcessTest, StderrIsAPipeOfItsOwnOrJoinsStdout) {
  auto options = shell("echo out; echo err >&2");
  auto apart = spawn(options);
  EXPECT_EQ(run(read_to_end(apart)), "out\n");
  EXPECT_EQ(run(apart.read_stderr()), "err\n");
  EXPECT_EQ(run(apart.read_stderr()), "");

  options.stderr_mode = Stderr::merged_into_stdout;
  auto joined = spawn(options);
  EXPECT_EQ(run(read_to_end(joined)), "out\nerr\n");
  EXPECT_EQ(run(joined.read_stderr()), "");
}

TEST_F(ChildProcessTest, AStubbornChildIsKilled) {
  auto child = spawn(shell("trap '' TERM; echo ready; while :; do sleep 60; done"));
  run(read_until(child, "ready"));
  child.signal_group(SIGTERM);
  EXPECT_TRUE(child.running());
  child.signal_group(SIGKILL);
  EXPECT_EQ(run(child.wait()).signal, SIGKILL);
}

TEST_F(ChildProcessTest, KillTreeReachesAGrandchildInASessionOfItsOwn) {
  auto child = spawn(shell("setsid sh -c 'echo $$; exec sleep 60' & wait"));
  const auto grandchild = static_cast<pid_t>(std::stoi(run(read_until(child, "\n"))));
  ASSERT_NE(::getpgid(grandchild), child.pid());

  child.kill_tree();

  EXPECT_EQ(run(child.wait()).signal, SIGKILL);
  run(until([grandchild] { return !alive(grandchild); }));
}

TEST_F(ChildProcessTest, TheDestructorKillsTheGroupAndReaps) {
  pid_t pid = 0;
  pid_t grandchild = 0;
  {
    auto child = spawn(shell("sleep 60 & echo $!; wait"));
    pid = child.pid();
    grandchild = static_cast<pid_t>(std::stoi(run(read_until(child, "\n"))));
  }
  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1);
  run(until([grandchild] { return !alive(grandchild); }));
}

TEST_F(ChildProcessTest, WhoeverWaitsOrReadsWhenTheChildIsDestroyedIsReleased) {
  std::optional<ChildProcess> child = spawn(shell("exec sleep 60"));
  std::optional<ExitStatus> status;
  std::optional<std::string> bytes;
  async::TaskGroup tasks{context.get_executor()};
  const auto wait = [](asio::awaitable<ExitStatus> task,
                       std::optional<ExitStatus>& out) -> asio::awaitable<void> {
    out = co_await std::move(task);
  };
  const auto read = [](asio::awaitable<std::string> task,
                       std::optional<std::string>& out) -> asio::awaitable<void> {
    out = co_await std::move(task);
  };
  tasks.spawn("wait", wait(child->wait(), status));
  tasks.spawn("read", read(child->read_stdout(), bytes));
  context.poll();
  child.reset();
  run(tasks.join());
  EXPECT_EQ(status.value_or(ExitStatus{}).signal, SIGKILL);
  EXPECT_EQ(bytes, "");
}

TEST_F(ChildProcessTest, EveryWaiterIsTold) {
  auto child = spawn(shell("read line; exit 7"));
  std::vector<int> codes;
  async::TaskGroup tasks{context.get_executor()};
  const auto wait = [](ChildProcess& on, std::vector<int>& out) -> asio::awaitable<void> {
    const auto status = co_await on.wait();
    out.push_back(status.code.value_or(-1));
  };
  for (int waiter = 0; waiter < 3; ++waiter) tasks.spawn("wait", wait(child, codes));
  EXPECT_TRUE(run(child.write_stdin("go\n")));
  run(tasks.join());
  EXPECT_THAT(codes, ElementsAre(7, 7, 7));
  EXPECT_EQ(run(child.wait()).code, 7) << "and again after the exit";
}

TEST_F(ChildProcessTest, ACancelledWaiterLeavesTheChildAlone) {
  auto child = spawn(shell("exec sleep 60"));
  async::TaskGroup tasks{context.get_executor()};
  const auto wait = [](ChildProcess& on) -> asio::awaitable<void> { co_await on.wait(); };
  tasks.spawn("wait", wait(child));
  context.poll();
  tasks.cancel();
  run(tasks.join());
  EXPECT_TRUE(child.running());
}

}  // namespace
}  // namespace butler::process::child_process_test
