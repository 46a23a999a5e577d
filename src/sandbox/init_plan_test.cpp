#include "sandbox/init_plan.hpp"

#include <gmock/gmock.h>

namespace butler::sandbox::init_plan_test {
namespace {

TEST(InitPlan, WhatIsWrittenIsRead) {
  const InitPlan plan{.arguments = {"bash", "-c", "a\nb", ""},
                      .environment = {"A=1", "B="},
                      .folder = "/project",
                      .parent = 17,
                      .group = "/sys/fs/cgroup/a/cgroup.procs",
                      .make_listener = true,
                      .filter = false,
                      .shared_kernel_names = true,
                      .landlock = false,
                      .landlock_required = true,
                      .connect_port = 3'128,
                      .readable = {"/usr"},
                      .writable = {"/project", "/tmp"},
                      .broker = true,
                      .covered = {".git/hooks", ".envrc"},
                      .opened = {".git/modules/a"},
                      .broker_readable = {"/proc"},
                      .memory_bytes = std::uint64_t{1} << 40U,
                      .processes = 5,
                      .file_bytes = 6,
                      .open_files = 7};
  const auto read = decode_init_plan(encode(plan));
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(*read, plan);
}

TEST(InitPlan, WhatIsCutOrUnknownIsNotGuessed) {
  const auto text = encode({.arguments = {"true"},
                            .environment = {},
                            .folder = "/",
                            .group = {},
                            .readable = {},
                            .writable = {},
                            .covered = {},
                            .opened = {},
                            .broker_readable = {}});
  EXPECT_FALSE(decode_init_plan(text.substr(0, text.size() - 1)));
  EXPECT_FALSE(decode_init_plan(text + std::string{"surprise\0 1\0", 12}));
  EXPECT_FALSE(decode_init_plan(""));
}

}  // namespace
}  // namespace butler::sandbox::init_plan_test
