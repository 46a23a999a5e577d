// Programs that do not want to end.
#include "mcp_wrappers/run.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "process/process_tree.hpp"
#include "unit/temp_folder.hpp"

namespace butler::mcp_wrappers::run_test {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

Program script(const std::string& text, std::chrono::milliseconds limit = 20s) {
  return {.arguments = {"/bin/sh", "-c", text},
          .environment = {"PATH=/usr/bin:/bin"},
          .folder = "/",
          .limit = limit};
}

Outcome outcome_of(const Program& program) {
  auto outcome = run_program(program, std::nullopt);
  EXPECT_TRUE(outcome) << outcome.error();
  return outcome.value_or(Outcome{});
}

bool is_running(pid_t pid) {
  const auto entries = process::list_processes();
  const auto found = std::ranges::find(entries, pid, &process::ProcessEntry::pid);
  return found != entries.end() && found->state != 'Z' && found->state != 'X';
}

TEST(RunProgram, KeepsWhatTheProgramSaysAndHowItEnds) {
  const auto program = script("echo said; echo complained >&2; exit 3");
  const auto outcome = outcome_of(program);
  EXPECT_EQ(outcome.output, "said\n");
  EXPECT_EQ(outcome.errors, "complained\n");
  EXPECT_EQ(outcome.problem(program), "failed (exit status 3): said complained");
  EXPECT_EQ(outcome_of(script("true")).problem(program), "");
}

TEST(RunProgram, GivesItNothingOfOurs) {
  ASSERT_EQ(::setenv("BUTLER_TEST_SECRET", "x", 1), 0);
  EXPECT_EQ(
      outcome_of(script("echo \"[$BUTLER_TEST_SECRET]\"; cat; grep NoNewPrivs /proc/self/status")).output,
      "[]\nNoNewPrivs:\t1\n");
}

TEST(RunProgram, EndsWhatDoesNotEnd) {
  const auto program = script("trap '' TERM INT HUP; echo begun; sleep 600 & wait; sleep 600", 2s);
  const auto begin = std::chrono::steady_clock::now();
  const auto outcome = outcome_of(program);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 60s);
  EXPECT_EQ(outcome.status, std::nullopt);
  EXPECT_THAT(outcome.problem(program), StartsWith("had not ended after 2000 ms: begun"));
}

TEST(RunProgram, LeavesNothingRunningWhoseverChildItHasBecome) {
  const test::TempFolder folder;
  const auto file = (folder.path() / "pid").string();
  // Its parent is gone, its session is its own, and it holds the pipe.
  outcome_of(script("(setsid sh -c 'echo $$ > " + file + "; exec sleep 600' &) ; until [ -s " + file +
                    " ]; do :; done"));
  pid_t pid = 0;
  std::ifstream{file} >> pid;
  ASSERT_GT(pid, 0);
  EXPECT_FALSE(is_running(pid));
}

TEST(RunProgram, KeepsSoMuchAndNotMore) {
  const auto outcome = outcome_of(script("head -c 20000000 /dev/zero"));
  EXPECT_EQ(outcome.output.size(), std::size_t{4} << 20U);
}

TEST(RunProgram, QuotesALastWordWithoutWhatATerminalWouldActOn) {
  const auto program =
      script("printf 'Error: \\033[31mno\\007 database\\n    at code.js:1\\n}\\n' >&2; exit 1");
  EXPECT_EQ(outcome_of(program).problem(program),
            "failed (exit status 1): Error: \uFFFD[31mno\uFFFD database");
}

TEST(RunProgram, QuotesNoControlOfTwoBytesAndNothingThatTurnsTheDirection) {
  const auto program = script("printf 'a\\302\\2332Jb\\342\\200\\256c' >&2; exit 1");
  EXPECT_EQ(outcome_of(program).problem(program), "failed (exit status 1): a\uFFFD2Jbc");
}

TEST(RunProgram, CutsALongLastWordBetweenCharacters) {
  const auto program = script("for i in $(seq 400); do printf '\\303\\274'; done; printf x; exit 1");
  const auto problem = outcome_of(program).problem(program);
  EXPECT_THAT(problem, StartsWith("failed (exit status 1): ü"));
  EXPECT_THAT(problem, EndsWith("üx"));
}

TEST(RunProgram, SaysWhenThereIsNoSuchProgram) {
  const Program program{.arguments = {"/no/such"}, .environment = {}, .folder = "/", .limit = 20s};
  EXPECT_THAT(outcome_of(program).problem(program), HasSubstr("/no/such"));
}

}  // namespace
}  // namespace butler::mcp_wrappers::run_test
