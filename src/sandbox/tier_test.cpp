#include "sandbox/tier.hpp"

#include <gmock/gmock.h>

namespace butler::sandbox::tier_test {
namespace {

using testing::HasSubstr;

constexpr auto works = [](HostFacts facts) {
  facts.vm_problem = "no machine";
  return facts;
};

TEST(Tier, AutoTakesBwrapThenLandlockAndNeverNothing) {
  EXPECT_EQ(choose_tier({}, works({.landlock_version = 7})), Tier::bwrap);
  EXPECT_EQ(choose_tier({}, works({.bwrap_problem = "no namespaces", .landlock_version = 4})),
            Tier::landlock);
  for (const bool allowed : {false, true}) {
    const auto none = choose_tier({.allow_unsandboxed = allowed},
                                  works({.bwrap_problem = "no namespaces", .landlock_version = 3}));
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error(), testing::AllOf(HasSubstr("no namespaces"), HasSubstr("version 4")));
  }
}

TEST(Tier, WhatIsAskedForByNameIsHadOrRefused) {
  const auto facts = works({.bwrap_problem = "no namespaces", .landlock_version = 7});
  EXPECT_EQ(choose_tier({.wanted = Tier::landlock}, facts), Tier::landlock);
  EXPECT_THAT(choose_tier({.wanted = Tier::bwrap}, facts).error(), HasSubstr("no namespaces"));
  EXPECT_THAT(choose_tier({.wanted = Tier::vm}, facts).error(), HasSubstr("no machine"));
  EXPECT_THAT(choose_tier({.wanted = Tier::landlock}, works({})).error(), HasSubstr("has no Landlock"));
}

TEST(Tier, NoneHasToBeAllowedAsWell) {
  EXPECT_FALSE(choose_tier({.wanted = Tier::none}, works({})));
  EXPECT_EQ(choose_tier({.wanted = Tier::none, .allow_unsandboxed = true}, works({})), Tier::none);
}

TEST(Tier, RootGetsNone) {
  for (const auto tier : {Tier::bwrap, Tier::landlock, Tier::none}) {
    const auto refused = choose_tier({.wanted = tier, .allow_unsandboxed = true},
                                     works({.is_root = true, .landlock_version = 7}));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error(), HasSubstr("root"));
  }
}

}  // namespace
}  // namespace butler::sandbox::tier_test
