#include "vm/channel.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>

#include "async/task_group.hpp"
#include "http/listening_socket.hpp"
#include "process/child_process.hpp"
#include "vm/machine.hpp"

namespace butler::vm::channel_test {
namespace {

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

/// The real guest agent, as a process of ours: everything but the machine around it.
class GuestAgentTest : public testing::Test {
 protected:
  GuestAgentTest() {
    std::string name = "/tmp/butler-vm-test-XXXXXX";
    folder = ::mkdtemp(name.data());
  }
  ~GuestAgentTest() override { std::filesystem::remove_all(folder); }

  /// Runs the test's part with a channel to a guest agent that is prepared.
  void with_agent(asio::awaitable<void> (*part)(Channel&)) {
    asio::co_spawn(context, run(part), [](const std::exception_ptr& fault) {
      if (fault) std::rethrow_exception(fault);
    });
    context.run();
  }

 private:
  asio::awaitable<void> run(asio::awaitable<void> (*part)(Channel&)) {
    const auto executor = context.get_executor();
    const auto path = folder / "agent.sock";
    auto listening = http::ListeningSocket::on_path(path).release();
    Acceptor acceptor(executor, asio::generic::stream_protocol(AF_UNIX, 0), listening.descriptor);
    auto agent = process::ChildProcess::spawn(executor, {.arguments = {BUTLER_GUEST_AGENT, path.string()},
                                                         .environment = {},
                                                         .working_directory = {},
                                                         .stderr_mode = process::Stderr::inherited});
    if (!agent) throw std::runtime_error(agent.error());
    Channel channel(co_await acceptor.async_accept(asio::use_awaitable), Side::host);
    async::TaskGroup tasks(executor);
    tasks.spawn("channel", ignore(channel.run()));
    const auto ready = co_await channel.accept();
    EXPECT_TRUE(ready);
    const PrepareRequest prepare{.seed = std::string(128, '0'), .unix_milliseconds = 1, .workspace = "/w"};
    EXPECT_TRUE(co_await channel.open(encode(prepare)).read_note());
    co_await part(channel);
    channel.open(encode_kind(power_off_kind));
    co_await agent->wait();
    co_await tasks.join();
  }

  static asio::awaitable<void> ignore(asio::awaitable<std::string> run) { co_await std::move(run); }

  std::filesystem::path folder;
  asio::io_context context{1};
};

RunningCommand start(Channel& channel, std::string script) {
  static int count = 0;
  RunRequest request{.id = std::to_string(++count), .arguments = {"sh", "-c", std::move(script)}};
  request.environment = {"PATH=/usr/bin:/bin"};
  auto errors = channel.open(encode(ErrorsRequest{.id = request.id}));
  return RunningCommand{channel.open(encode(request)), std::move(errors)};
}

asio::awaitable<std::string> read_to_end(Stream stream) {
  std::string text;
  for (;;) {
    const auto bytes = co_await stream.read();
    if (bytes.empty()) co_return text;
    text += bytes;
  }
}

TEST_F(GuestAgentTest, ACommandHasThreeStreamsAndAnEnd) {
  with_agent([](Channel& channel) -> asio::awaitable<void> {
    auto command = start(channel, "cat; echo wrong >&2; exit 3");
    EXPECT_TRUE(co_await command.write_stdin("right"));
    command.close_stdin();
    EXPECT_EQ(co_await command.read_stdout(), "right");
    EXPECT_EQ(co_await command.read_stderr(), "wrong\n");
    const auto ended = co_await command.wait();
    EXPECT_TRUE(ended);
    EXPECT_EQ(ended->code, 3);
    EXPECT_EQ(co_await command.read_stdout(), "");
  });
}

TEST_F(GuestAgentTest, ACommandThatNobodyReadsHoldsUpNoOther) {
  with_agent([](Channel& channel) -> asio::awaitable<void> {
    auto loud = start(channel, "exec cat /dev/zero");
    auto quiet = start(channel, "sleep 0.2; echo done");
    EXPECT_EQ(co_await quiet.read_stdout(), "done\n");
    EXPECT_TRUE(co_await quiet.wait());
    loud.signal(15);
    const auto ended = co_await loud.wait();
    EXPECT_TRUE(ended);
    EXPECT_EQ(ended->signal, 15);
    loud.kill();
  });
}

TEST_F(GuestAgentTest, WhatCannotBeStartedSaysWhy) {
  with_agent([](Channel& channel) -> asio::awaitable<void> {
    RunRequest request{.id = "missing", .arguments = {"no-such-program"}};
    RunningCommand command{channel.open(encode(request)), Stream{}};
    const auto ended = co_await command.wait();
    EXPECT_FALSE(ended);
    EXPECT_EQ(ended.error(), "no-such-program: cannot run it: No such file or directory");
  });
}

TEST_F(GuestAgentTest, MuchDataComesBackWholeThroughTheWindow) {
  with_agent([](Channel& channel) -> asio::awaitable<void> {
    RunRequest request{.id = "cat", .arguments = {"cat"}};
    request.environment = {"PATH=/usr/bin:/bin"};
    auto stream = channel.open(encode(request));
    const std::string sent(std::size_t{3} << 20U, 'x');
    const auto write = [](Stream to, std::string bytes) -> asio::awaitable<void> {
      EXPECT_TRUE(co_await to.write(std::move(bytes)));
      to.end();
    };
    const auto received = co_await (read_to_end(stream) && write(stream, sent));
    EXPECT_EQ(received, sent);
  });
}

}  // namespace
}  // namespace butler::vm::channel_test
