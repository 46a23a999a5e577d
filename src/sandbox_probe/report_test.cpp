#include "sandbox_probe/report.hpp"

#include <gmock/gmock.h>

#include <set>
#include <string>

namespace butler::sandbox_probe::report_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(SandboxProbe, ItHasMoreThanEightyFiveAttemptsAndNoIdTwice) {
  std::set<std::string> ids;
  std::size_t count = 0;
  for (const auto& group : all_groups()) {
    for (const auto& attempt : group.attempts) {
      ids.insert(attempt.id);
      ++count;
      EXPECT_THAT(std::string{attempt.open_means}, Not(IsEmpty())) << attempt.id;
    }
  }
  EXPECT_EQ(ids.size(), count);
  EXPECT_GE(count, 85U);
}

TEST(SandboxProbe, TheKernelsTiersHaveNoKnownGap) {
  for (const auto& group : all_groups()) {
    for (const auto& attempt : group.attempts) {
      for (const char* const tier : {"bwrap", "landlock"}) {
        EXPECT_THAT(known_gap(tier, group.name, attempt.id), IsEmpty()) << tier;
      }
    }
  }
  EXPECT_THAT(std::string{known_gap("vm", "kernel", "bpf")}, HasSubstr("guest"));
}

TEST(SandboxProbe, ARecordIsJsonWhateverItsDetailHolds) {
  const Attempt attempt{"ssh-key", "read the key", nullptr};
  EXPECT_EQ(
      describe(attempt, "files", "open", "a \"quoted\"\nline\\", Format::json),
      R"({"id":"ssh-key","group":"files","result":"open","open_means":"read the key","detail":"a \"quoted\"?line\\"})");
}

TEST(SandboxProbe, AnErrorForARefusedPermissionIsHeldAndOneForSenselessArgumentsIsOpen) {
  for (const int error : {EPERM, EACCES, ENOSYS}) {
    errno = error;
    EXPECT_EQ(by_permission(-1, "call").result, Result::held);
  }
  errno = EINVAL;
  EXPECT_EQ(by_permission(-1, "call").result, Result::open);
  errno = EINVAL;
  EXPECT_EQ(by_result(-1, "call").result, Result::held);
}

TEST(SandboxProbe, TargetsAreNamesAndValues) {
  Targets targets;
  EXPECT_TRUE(targets.add("pid=12"));
  EXPECT_FALSE(targets.add("pid"));
  EXPECT_FALSE(targets.add("=12"));
  EXPECT_EQ(targets.number("pid"), 12);
  EXPECT_EQ(targets.number("none"), -1);
}

}  // namespace
}  // namespace butler::sandbox_probe::report_test
