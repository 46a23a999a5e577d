// What cannot be looked at from inside, because something else holds as well: that bwrap is asked for it.
#include "sandbox/bwrap_arguments.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace butler::sandbox::bwrap_arguments_test {
namespace {

using testing::AllOf;
using testing::Contains;

std::vector<std::string> arguments() {
  MountPlan plan;
  plan.workspace = "/w";
  return bwrap_arguments("/usr/bin/bwrap", plan, {}, {}, 7);
}

TEST(BwrapArguments, NoNamespaceCanBeMadeInside) { EXPECT_THAT(arguments(), Contains("--disable-userns")); }

TEST(BwrapArguments, ItEndsWithItsStarter) { EXPECT_THAT(arguments(), Contains("--die-with-parent")); }

TEST(BwrapArguments, ItHasNoTerminalAndNoCapabilities) {
  const auto all = arguments();
  EXPECT_THAT(all, Contains("--new-session"));
  const auto drop = std::ranges::find(all, "--cap-drop");
  ASSERT_NE(drop, all.end());
  EXPECT_EQ(*(drop + 1), "ALL");
}

TEST(BwrapArguments, EveryNamespaceIsAskedForAndNoneIsTried) {
  // "--unshare-user-try" and its like go on without where there is none.
  EXPECT_THAT(arguments(),
              AllOf(Contains("--unshare-user"), Contains("--unshare-pid"), Contains("--unshare-net"),
                    Contains("--unshare-ipc"), Contains("--unshare-uts"), Contains("--unshare-cgroup")));
}

}  // namespace
}  // namespace butler::sandbox::bwrap_arguments_test
