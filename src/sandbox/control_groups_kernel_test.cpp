// With the kernel's own groups, where this process has been left one: tests/system/test_control_groups.py
// boots a machine for it. Elsewhere somebody's programs would be moved about, so nothing is done.
#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "sandbox/sandbox.hpp"
#include "unit/temp_folder.hpp"

namespace butler::sandbox::control_groups_kernel_test {
namespace {

using testing::HasSubstr;
using testing::Optional;

constexpr std::uint64_t mebibyte = 1U << 20U;

std::string content_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class KernelsControlGroups : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (std::getenv("BUTLER_TEST_CONTROL_GROUPS") == nullptr) return;
    auto divided = ControlGroups::divide(group_files(), ::getpid(), ::geteuid(), ::getegid());
    ASSERT_TRUE(divided) << divided.error();
    groups = std::make_shared<ControlGroups>(*std::move(divided));
  }

  void SetUp() override {
    if (!groups) GTEST_SKIP() << "BUTLER_TEST_CONTROL_GROUPS is not set";
  }

  Started start(const std::string& script, const Limits& limits) {
    Spec spec{.arguments = {"/bin/sh", "-c", script}, .environment = {"PATH=/bin"}};
    spec.workspace = folder.path();
    spec.protected_names = {};
    spec.limits = limits;
    spec.stdin_mode = process::Stdin::null;
    auto sandbox = make_sandbox(Tier::bwrap, InitProgram::beside_this_program(), groups);
    auto started = sandbox->start(context.get_executor(), spec, [this](http::ListeningSocket listener) {
      listeners.push_back(std::move(listener));
    });
    if (!started) throw std::runtime_error(started.error());
    return *std::move(started);
  }

  process::ExitStatus wait_for(Started& started) {
    auto ended = boost::asio::co_spawn(context, started.child.wait(), boost::asio::use_future);
    context.restart();
    context.run();
    return ended.get();
  }

  static std::filesystem::path group_of(const Started& started) {
    const auto text = content_of("/proc/" + std::to_string(started.child.pid()) + "/cgroup");
    return std::filesystem::path{"/sys/fs/cgroup" + group_path(text).value_or("/none")};
  }

  static inline std::shared_ptr<ControlGroups> groups;
  test::TempFolder folder;
  boost::asio::io_context context{1};
  std::vector<http::ListeningSocket> listeners;
};

TEST_F(KernelsControlGroups, ASandboxIsInAGroupWithItsLimits) {
  auto started = start("sleep 600 & sleep 600", {.memory_bytes = 100 * mebibyte, .processes = 20});
  const auto group = group_of(started);
  EXPECT_THAT(group.string(), HasSubstr("/butler-agents/sandbox-"));
  EXPECT_EQ(content_of(group / "memory.max"), "104857600\n");
  EXPECT_EQ(content_of(group / "memory.oom.group"), "1\n");
  EXPECT_EQ(content_of(group / "pids.max"), "24\n");
  const auto processes = content_of(group / "cgroup.procs");
  EXPECT_GE(std::ranges::count(processes, '\n'), 3) << processes;
  started.watch.reset();
  EXPECT_TRUE(wait_for(started).signal) << "it was killed with its group";
  EXPECT_FALSE(std::filesystem::exists(group));
}

TEST_F(KernelsControlGroups, WhatTakesTooMuchMemoryTogetherIsEndedAsAWholeWithTheReason) {
  // Each by itself keeps to its own limit.
  auto started = start("for i in 1 2 3 4 5 6; do dd if=/dev/zero of=/dev/null bs=41943040 & done; sleep 60",
                       {.memory_bytes = 100 * mebibyte, .processes = 60});
  EXPECT_TRUE(wait_for(started).signal);
  EXPECT_THAT(started.watch->verdict(), Optional(HasSubstr("100 MB of memory (WORKER_MEMORY_MB)")));
}

}  // namespace
}  // namespace butler::sandbox::control_groups_kernel_test
