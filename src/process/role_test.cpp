#include "process/role.hpp"

#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <set>

#include "process/installation.hpp"

namespace butler::process::role_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// Runs `body` in a forked child and returns its exit status; 100 + the signal that killed it.
int in_child(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    int code = 99;
    try {
      code = body();
    } catch (const std::exception& error) {
      if (::write(STDERR_FILENO, error.what(), std::strlen(error.what())) < 0) _exit(3);
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

/// A datagram socket bound in the abstract namespace, as a supervisor has it.
class NotifySocket {
 public:
  NotifySocket() : name_("butler-test-" + random_hex(8)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name_.data(), name_.size());
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), length) != 0)
      throw std::runtime_error("bind");
    ::setenv("NOTIFY_SOCKET", ("@" + name_).c_str(), 1);
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;
  ~NotifySocket() {
    ::close(fd_);
    ::unsetenv("NOTIFY_SOCKET");
  }
  std::string receive() const {
    std::string text(100, '\0');
    const auto count = ::recv(fd_, text.data(), text.size(), 0);
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return text;
  }

 private:
  std::string name_;
  int fd_ = -1;
};

TEST(Role, ReadinessIsToldOnTheNotifySocket) {
  const NotifySocket socket;
  notify_ready();
  EXPECT_EQ(socket.receive(), "READY=1");
}

TEST(Role, WithoutANotifySocketNothingHappens) {
  ::unsetenv("NOTIFY_SOCKET");
  notify_ready();
  ::setenv("NOTIFY_SOCKET", "@butler-test-nobody-listens-here", 1);
  notify_ready();
  ::setenv("NOTIFY_SOCKET", std::string(300, 'x').c_str(), 1);
  notify_ready();
  ::unsetenv("NOTIFY_SOCKET");
}

TEST(Role, AHardenedProcessIsNotDumpableAndSurvivesABrokenPipe) {
  const auto body = [] {
    harden(false);
    std::raise(SIGPIPE);
    return ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
  };
  EXPECT_EQ(in_child(body), 0);
}

TEST(Role, AHardenedChildAsksForSigtermWhenItsParentDies) {
  const auto body = [] {
    ::setenv(parent_variable, std::to_string(::getppid()).c_str(), 1);
    harden(true);
    int signal_number = 0;
    ::prctl(PR_GET_PDEATHSIG, &signal_number, 0, 0, 0);
    return signal_number;
  };
  EXPECT_EQ(in_child(body), SIGTERM);
}

TEST(Role, AChildWhoseParentHasGoneAlreadyEnds) {
  const auto body = [] {
    ::setenv(parent_variable, "999999999", 1);
    harden(true);
    return 0;
  };
  EXPECT_EQ(in_child(body), 100 + SIGTERM);
}

TEST(Role, RootIsGivenUpForGoodOrTheUserIsNamed) {
  if (::geteuid() != 0) {
    EXPECT_NO_THROW(drop_root("butler-no-such-user"));
    return;
  }
  const auto body = [] {
    drop_root("nobody");
    return ::getuid() != 0 && ::setuid(0) != 0 && ::access("/root", R_OK) != 0 ? 0 : 1;
  };
  EXPECT_EQ(in_child(body), 0);
  try {
    drop_root("butler-no-such-user");
    FAIL() << "an unknown user was accepted";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("'butler-no-such-user' does not exist: run " + users_command() + " as root"));
  }
}

TEST(Role, EitherStopSignalEndsTheWait) {
  for (const int signal_number : {SIGTERM, SIGINT}) {
    boost::asio::io_context context{1};
    bool stopped = false;
    boost::asio::co_spawn(context, wait_for_stop_signal(),
                          [&](const std::exception_ptr&) { stopped = true; });
    context.poll();
    EXPECT_FALSE(stopped);
    ::kill(::getpid(), signal_number);
    context.restart();
    context.run_for(20s);
    EXPECT_TRUE(stopped) << signal_number;
  }
}

TEST(Role, TheDescriptorLimitIsRaisedToWhatTheSystemAllows) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{.rlim_cur = 256, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);

  EXPECT_EQ(raise_descriptor_limit(), before.rlim_max);

  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST(Role, RandomValuesAreOfTheirFormAndDiffer) {
  std::set<std::string> seen;
  for (int round = 0; round < 1'000; ++round) {
    const auto hex = random_hex(16);
    EXPECT_EQ(hex.size(), 32U);
    EXPECT_EQ(hex.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_TRUE(seen.insert(hex).second);
    const double fraction = random_fraction();
    EXPECT_TRUE(fraction >= 0 && fraction < 1) << fraction;
  }
  EXPECT_NE(random_bytes<16>(), random_bytes<16>());
}

}  // namespace
}  // namespace butler::process::role_test
