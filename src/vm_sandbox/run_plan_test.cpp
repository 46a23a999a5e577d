#include "vm_sandbox/run_plan.hpp"

#include <gtest/gtest.h>

namespace butler::vm_sandbox::run_plan_test {
namespace {

TEST(RunPlan, ArrivesAsItWasSent) {
  const RunPlan plan{.parent = 7,
                     .arguments = {"/bin/bash", "-c", "echo \"ä\"\n"},
                     .environment = {"A=b c"},
                     .workspace = "/w",
                     .trees = {{.path = "/s", .writable = true, .returned = true}, {.path = "/r"}},
                     .links = {{.path = "/a/b", .target = "/r"}},
                     .kept = {".git"},
                     .merge_errors = true,
                     .memory_mib = 128,
                     .workspace_mib = 64,
                     .store = "/h/vm",
                     .image_kind = "full",
                     .image_digest = "d",
                     .folder = "/h/vm/jobs/x"};
  EXPECT_EQ(decode_run_plan(encode(plan)), plan);
  EXPECT_FALSE(decode_run_plan("{}"));
  EXPECT_FALSE(decode_run_plan("no"));
}

}  // namespace
}  // namespace butler::vm_sandbox::run_plan_test
