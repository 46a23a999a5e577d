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
  EXPECT_EQ(choose_tier({}, works({.bwrap_problem = "no namespaces", .landlock_version = 6})),
            Tier::landlock);
  for (const bool allowed : {false, true}) {
    for (const int version : {3, 5}) {  // one without network rules, one that lets signals through
      const auto none = choose_tier({.allow_unsandboxed = allowed},
                                    works({.bwrap_problem = "no namespaces", .landlock_version = version}));
      ASSERT_FALSE(none) << version;
      EXPECT_THAT(none.error(), testing::AllOf(HasSubstr("no namespaces"), HasSubstr("version 6")));
    }
  }
}

TEST(Tier, WhatIsAskedForByNameIsHadOrRefused) {
  const auto facts = works({.bwrap_problem = "no namespaces", .landlock_version = 7});
  EXPECT_EQ(choose_tier({.wanted = Tier::landlock}, facts), Tier::landlock);
  EXPECT_THAT(choose_tier({.wanted = Tier::bwrap}, facts).error(), HasSubstr("no namespaces"));
  EXPECT_THAT(choose_tier({.wanted = Tier::vm}, facts).error(), HasSubstr("no machine"));
  EXPECT_THAT(choose_tier({.wanted = Tier::landlock}, works({})).error(), HasSubstr("has no Landlock"));
}

TEST(Tier, LandlockIsRefusedWhereItsBrokerMayNotLookAtTheAgent) {
  for (const int scope : {0, 1, 2, 3}) {
    const auto problem = tier_problem(Tier::landlock, {}, {.landlock_version = 7, .ptrace_scope = scope});
    EXPECT_EQ(problem.has_value(), scope >= 2);
    if (problem) EXPECT_THAT(*problem, HasSubstr("sysctl kernel.yama.ptrace_scope=1"));
  }
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

TEST(Tier, AutoGivesCommandsAndOthersAMachineWhereMachinesAreQuick) {
  const std::optional<std::string> no = "no";
  struct Row {
    const char* name;
    Work work;
    std::optional<Tier> wanted;
    std::optional<std::string> vm;
    std::optional<std::string> agents;
    std::optional<std::string> kvm;
    Tier expected;
  };
  constexpr Work owners_agent{.for_owner = true};
  constexpr Work owners_command{.for_owner = true, .is_command = true};
  constexpr Work others_agent{.for_owner = false};
  constexpr Work others_command{.for_owner = false, .is_command = true};
  const Row rows[] = {
      {"an owner's agent", owners_agent, {}, {}, {}, {}, Tier::bwrap},
      {"an owner's command", owners_command, {}, {}, {}, {}, Tier::vm},
      {"another's agent", others_agent, {}, {}, {}, {}, Tier::vm},
      {"another's command", others_command, {}, {}, {}, {}, Tier::vm},
      {"an image without node: agent", others_agent, {}, {}, no, {}, Tier::bwrap},
      {"an image without node: command", others_command, {}, {}, no, {}, Tier::vm},
      {"no KVM: agent", others_agent, {}, {}, {}, no, Tier::bwrap},
      {"no KVM: command", owners_command, {}, {}, {}, no, Tier::bwrap},
      {"no image", others_command, {}, no, no, {}, Tier::bwrap},
      {"a tier by name: agent", others_agent, Tier::bwrap, {}, {}, {}, Tier::bwrap},
      {"a tier by name: command", owners_command, Tier::bwrap, {}, {}, {}, Tier::bwrap},
  };
  for (const auto& row : rows) {
    const HostFacts facts{.vm_problem = row.vm, .vm_agent_problem = row.agents, .kvm_problem = row.kvm};
    EXPECT_EQ(tier_for(row.work, Tier::bwrap, {.wanted = row.wanted}, facts), row.expected) << row.name;
  }
  EXPECT_EQ(tier_for(others_command, Tier::bwrap, {}, HostFacts{}), Tier::bwrap) << "nobody has looked";
}

}  // namespace
}  // namespace butler::sandbox::tier_test
