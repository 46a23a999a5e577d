#include "cli/supervisor.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>

#include "cli/exit_code.hpp"
#include "process/process_tree.hpp"

namespace butler::cli::supervisor_test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

/// Python, because it can speak to the notify socket itself: the message must come from the child's own
/// process.
constexpr std::string_view prelude = R"(
import os, signal, socket, subprocess, sys, time
def say(*words): print(*words, flush=True)
def ready():
    to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    to.sendto(b"READY=1", "\0" + os.environ["NOTIFY_SOCKET"][1:])
def wait():
    while True: signal.pause()
)";

ChildSpec child(const std::string& name, const std::string& script) {
  return ChildSpec{.name = name,
                   .arguments = {"python3", "-S", "-c", std::string{prelude} + script},
                   .environment = {"PATH=/usr/local/bin:/usr/bin:/bin"}};
}

ChildSpec shell_child(const std::string& name, const std::string& script) {
  return ChildSpec{
      .name = name, .arguments = {"/bin/sh", "-c", script}, .environment = {"PATH=/usr/bin:/bin"}};
}

bool alive(pid_t pid) {
  const auto entries = process::list_processes();
  const auto entry = std::ranges::find(entries, pid, &process::ProcessEntry::pid);
  return entry != entries.end() && entry->state != 'Z' && entry->state != 'X';
}

class SupervisorTest : public testing::Test {
 protected:
  void start(std::vector<ChildSpec> children, std::chrono::milliseconds grace = 60s) {
    SupervisorOptions options{.children = std::move(children), .grace = grace};
    options.restart.backoff.initial = 1ms;
    options.restart.backoff.cap = 20ms;
    const auto keep = [this](std::string_view name, std::string_view line) {
      lines.push_back(std::string{name} + ": " + std::string{line});
    };
    supervisor.emplace(context.get_executor(), std::move(options), keep);
    boost::asio::co_spawn(context, supervisor->run(), [this](const std::exception_ptr& fault, int code) {
      EXPECT_FALSE(fault);
      exit_code = code;
    });
  }

  /// Runs until the condition holds, at most a minute and a half.
  void run_until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 90s;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end)
          << "waited in vain; lines: " << testing::PrintToString(lines);
      context.restart();
      context.run_one_for(20ms);
    }
  }
  void run_until_line(const std::string& line, std::ptrdiff_t times = 1) {
    run_until([&] { return std::ranges::count(lines, line) >= times; });
  }
  std::chrono::steady_clock::duration stop() {
    const auto before = std::chrono::steady_clock::now();
    if (supervisor) supervisor->stop();
    run_until([&] { return exit_code.has_value(); });
    return std::chrono::steady_clock::now() - before;
  }
  /// The number after "name: word " in a line.
  pid_t number(const std::string& opening) {
    pid_t found = 0;
    run_until([&] {
      for (const auto& line : lines) {
        if (line.starts_with(opening)) found = static_cast<pid_t>(std::stoi(line.substr(opening.size())));
      }
      return found != 0;
    });
    return found;
  }

  boost::asio::io_context context{1};
  std::vector<std::string> lines;
  std::optional<int> exit_code;
  std::optional<Supervisor> supervisor;
};

TEST_F(SupervisorTest, TheOthersStartWhenTheFirstIsReadyAndAllIsToldOnce) {
  testing::internal::CaptureStderr();
  start({child("first", "say('up'); time.sleep(0.1); say('before'); ready(); wait()"),
         child("second", "say('up'); ready(); wait()"), child("third", "say('up'); ready(); wait()")});
  run_until_line("second: up");
  run_until_line("third: up");
  EXPECT_EQ(lines.at(0), "first: up");
  EXPECT_EQ(lines.at(1), "first: before");
  EXPECT_LT(stop(), 30s) << "nobody was killed after the grace";
  EXPECT_EQ(exit_code, exit_ok);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), AllOf(HasSubstr("event=child.ready child=first"),
                                                            HasSubstr("event=child.started child=third")));
}

/// The first message that somebody above us would get.
boost::asio::awaitable<void> receive_one(ReadySocket& socket, std::optional<pid_t>& sender) {
  sender = co_await socket.receive();
}

TEST_F(SupervisorTest, UpIsReadyWhenEachOneIsAndTellsItsOwnSupervisor) {
  ReadySocket above(context.get_executor());
  ::setenv("NOTIFY_SOCKET", above.address().c_str(), 1);
  std::optional<pid_t> sender;
  async::TaskGroup tasks(context.get_executor());
  tasks.spawn("above", receive_one(above, sender));
  testing::internal::CaptureStderr();
  start({child("first", "ready(); wait()"), child("second", "say('up'); ready(); wait()")});
  run_until([&] { return sender.has_value(); });
  ::unsetenv("NOTIFY_SOCKET");
  stop();
  EXPECT_EQ(sender, ::getpid());
  EXPECT_THAT(lines, Contains("second: up"));
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("event=up.ready"));
}

TEST_F(SupervisorTest, AnotherProcesssWordForAChildIsNotTaken) {
  testing::internal::CaptureStderr();
  start({child("first",
               "pid = os.fork()\nif pid == 0: ready(); os._exit(0)\nos.waitpid(pid, 0); say('told'); wait()"),
         child("second", "say('up'); wait()")});
  run_until_line("first: told");
  // The message was in the socket before the line was in the pipe.
  context.restart();
  context.poll();
  stop();
  EXPECT_THAT(lines, Not(Contains("second: up")));
  EXPECT_THAT(testing::internal::GetCapturedStderr(), Not(HasSubstr("event=child.ready")));
}

TEST_F(SupervisorTest, AChildThatEndsIsStartedAgainHoweverItEnded) {
  start({child("first", "ready(); wait()"), shell_child("short", "echo life; exit 0"),
         shell_child("killed", "echo life; kill -KILL $$")});
  run_until_line("short: life", 3);
  run_until_line("killed: life", 3);
  EXPECT_LT(stop(), 30s) << "nobody was killed after the grace";
  EXPECT_EQ(exit_code, exit_ok);
}

TEST_F(SupervisorTest, AProgramThatIsNotThereIsTriedAgainAndStopsCleanly) {
  testing::internal::CaptureStderr();
  start({ChildSpec{.name = "absent", .arguments = {"no-such-program"}, .environment = {"PATH=/usr/bin"}}});
  context.poll();
  stop();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("cannot start 'no-such-program'"));
}

TEST_F(SupervisorTest, AMisconfiguredChildEndsEverything) {
  start({child("first", "say('pid', os.getpid()); ready(); wait()"),
         shell_child("second", "echo wrong; exit 78")});
  const pid_t first = number("first: pid ");
  run_until([&] { return exit_code.has_value(); });
  EXPECT_EQ(exit_code, exit_config);
  EXPECT_FALSE(alive(first));
  EXPECT_THAT(lines, Contains("second: wrong"));
}

TEST_F(SupervisorTest, AStubbornChildIsKilledAfterTheGrace) {
  start({child("first",
               "signal.signal(signal.SIGTERM, lambda *_: os.write(1, b'no\\n')); ready(); say('pid', "
               "os.getpid()); wait()")},
        2s);
  const pid_t first = number("first: pid ");
  const auto took = stop();
  EXPECT_GE(took, 2s);
  EXPECT_FALSE(alive(first));
  EXPECT_THAT(lines, Contains("first: no"));
}

TEST_F(SupervisorTest, AStoppedChildAndItsFamilyAreGoneToo) {
  start({shell_child("first", "setsid sh -c 'echo inner $$; exec sleep 600' & echo outer $$; kill -STOP $$")},
        200ms);
  const pid_t inner = number("first: inner ");
  const pid_t outer = number("first: outer ");
  stop();
  run_until([&] { return !alive(outer) && !alive(inner); });
}

TEST_F(SupervisorTest, WhatAKilledChildHasStartedIsKilledBeforeItsNextLife) {
  auto spec = shell_child("worker", "setsid sh -c 'echo agent $$; exec sleep 600' & echo self $$; wait");
  spec.starts_processes = true;
  start({spec});
  const pid_t agent = number("worker: agent ");
  const pid_t self = number("worker: self ");
  ::kill(self, SIGKILL);
  run_until([&] {
    return std::ranges::count_if(lines, [](const auto& line) { return line.starts_with("worker: self "); }) ==
           2;
  });
  run_until([&] { return !alive(agent); });
  stop();
}

TEST_F(SupervisorTest, AnOrphanThatEndsDoesNotStayAZombie) {
  start({child("first", "ready(); wait()"),
         shell_child("second",
                     "sh -c 'sh -c \"echo orphan \\$\\$; read line\" < /dev/null & '; exec sleep 600")});
  const pid_t orphan = number("second: orphan ");
  run_until([&] {
    const auto entries = process::list_processes();
    return std::ranges::find(entries, orphan, &process::ProcessEntry::pid) == entries.end();
  });
  stop();
}

TEST_F(SupervisorTest, LongLinesAreLeftOutAndUnfinishedOnesShown) {
  start({child("first", "ready(); wait()"),
         shell_child("second",
                     "head -c 100000 /dev/zero | tr '\\0' x; echo; printf end; exec sleep 600 >&- 2>&-")});
  run_until_line("second: end");
  EXPECT_THAT(lines, Contains("second: [a line of more than 65536 bytes was left out]"));
  stop();
}

}  // namespace
}  // namespace butler::cli::supervisor_test
