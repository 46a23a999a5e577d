#include "cli/sandbox_report.hpp"

#include <gmock/gmock.h>

#include "cli/exit_code.hpp"

namespace butler::cli::sandbox_report_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string attempt(const std::string& id, const std::string& result, const std::string& group = "files") {
  return R"({"id":")" + id + R"(","group":")" + group + R"(","result":")" + result +
         R"(","open_means":"read the key","detail":"why"})" + "\n";
}

const std::string end = R"({"held":1,"open":0,"skipped":0,"broken":0})";

ProbeReport control_with(int open) {
  std::string output;
  for (int i = 0; i < open; ++i) output += attempt("a" + std::to_string(i), "open");
  return read_probe_output("none", 1, output + end);
}

ProbeReport tier_with(const std::string& lines) { return read_probe_output("bwrap", 0, lines + end); }

ProbeReport refused_tier() {
  return read_probe_output("landlock", exit_config, "this kernel's Landlock is too old\n");
}

TEST(SandboxReport, RecordsAreReadAndOtherLinesKeptAsMessages) {
  const auto report = read_probe_output(
      "bwrap", 1, "a warning\n" + attempt("ssh-key", "open") + attempt("shadow", "held") + end);
  EXPECT_TRUE(report.complete);
  EXPECT_EQ(report.count("open"), 1);
  EXPECT_EQ(report.count("held"), 1);
  EXPECT_EQ(report.records.at(0).open_means, "read the key");
  EXPECT_THAT(report.messages, ElementsAre("a warning"));
}

TEST(SandboxReport, ATierThatHoldsAllPassesOnlyBesideAControlThatFindsEnough) {
  const auto tier = tier_with(attempt("ssh-key", "held"));
  EXPECT_EQ(sandbox_test_exit(control_with(21), {tier}, false), exit_ok);
  EXPECT_EQ(sandbox_test_exit(control_with(20), {tier}, false), exit_failure);
}

TEST(SandboxReport, OneOpenDoorFails) {
  const auto tier = tier_with(attempt("ssh-key", "held") + attempt("lan", "open", "network"));
  EXPECT_EQ(sandbox_test_exit(control_with(30), {tier}, false), exit_failure);
  EXPECT_THAT(render_sandbox_report(control_with(30), {tier}),
              AllOf(HasSubstr("open: network/lan: the agent can read the key"),
                    HasSubstr("to mend it: use WORKER_SANDBOX=bwrap")));
}

TEST(SandboxReport, ASandboxInWhichNothingWorksFails) {
  const auto tier = tier_with(attempt("ssh-key", "held") + attempt("shell", "broken", "needs"));
  EXPECT_EQ(sandbox_test_exit(control_with(30), {tier}, false), exit_failure);
  EXPECT_THAT(render_sandbox_report(control_with(30), {tier}),
              HasSubstr("broken: needs/shell: the agent cannot"));
}

TEST(SandboxReport, AProbeThatWasCutShortFails) {
  const auto tier = read_probe_output("bwrap", 137, attempt("ssh-key", "held"));
  EXPECT_EQ(sandbox_test_exit(control_with(30), {tier}, false), exit_failure);
  EXPECT_THAT(render_sandbox_report(control_with(30), {tier}), HasSubstr("did not come to its end"));
}

TEST(SandboxReport, ARefusedTierIsSaidAndFailsOnlyWhenItWasAskedForOrIsTheLast) {
  const auto tier = tier_with(attempt("ssh-key", "held"));
  EXPECT_EQ(sandbox_test_exit(control_with(30), {tier, refused_tier()}, false), exit_ok);
  EXPECT_EQ(sandbox_test_exit(control_with(30), {refused_tier()}, true), exit_config);
  EXPECT_EQ(sandbox_test_exit(control_with(30), {refused_tier()}, false), exit_config);
  EXPECT_THAT(render_sandbox_report(control_with(30), {refused_tier()}),
              AllOf(HasSubstr("landlock: cannot be had here"), HasSubstr("too old")));
}

TEST(SandboxReport, ARefusalWithoutASingleRecordIsNoPass) { EXPECT_FALSE(passed(refused_tier())); }

TEST(SandboxReport, WhatATierDoesNotPromiseIsSkippedAndNamed) {
  const auto tier = tier_with(attempt("ssh-key", "held") + attempt("envrc", "skipped", "workspace"));
  EXPECT_EQ(sandbox_test_exit(control_with(30), {tier}, false), exit_ok);
  const auto text = render_sandbox_report(control_with(30), {tier});
  EXPECT_THAT(text, HasSubstr("skipped: workspace/envrc: why"));
  EXPECT_THAT(text, Not(HasSubstr("OPEN")));
}

TEST(SandboxReport, TheJsonHasVerdictCountsAndAttempts) {
  const auto object = sandbox_report_json(control_with(30), {tier_with(attempt("ssh-key", "held"))});
  EXPECT_TRUE(object.at("passed").as_bool());
  EXPECT_EQ(object.at("tiers").at(0).at("held").as_int64(), 1);
  EXPECT_EQ(object.at("control").at("open").as_int64(), 30);
}

}  // namespace
}  // namespace butler::cli::sandbox_report_test
