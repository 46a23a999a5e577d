#include "domain/permissions.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace butler::domain::permissions_test {

namespace {

constexpr PermissionRules by_default{};
constexpr PermissionRules all_open{.run_owner_only = false, .approve_owner_only = false};
constexpr PermissionRules no_abort{.allow_requester_abort = false};

struct Cell {
  std::string name;
  Action action;
  PermissionRules rules;
  Permission person;  ///< wherever they are
  Permission owner_in_private = Permission::granted;
  Permission owner_in_group = Permission::granted;
};

std::ostream& operator<<(std::ostream& out, const Cell& cell) { return out << cell.name; }

class PermissionTest : public testing::TestWithParam<Cell> {};

TEST_P(PermissionTest, IsAsTheTableSays) {
  const Cell& cell = GetParam();
  for (const Place place : {Place::private_chat, Place::group}) {
    EXPECT_EQ(permission(cell.action, Role::person, place, cell.rules), cell.person);
  }
  EXPECT_EQ(permission(cell.action, Role::owner, Place::private_chat, cell.rules), cell.owner_in_private);
  EXPECT_EQ(permission(cell.action, Role::owner, Place::group, cell.rules), cell.owner_in_group);
}

const std::vector<Cell> table{
    {"EverybodyMayAsk", Action::ask, by_default, Permission::granted},
    {"OnlyOwnersRun", Action::run, by_default, Permission::owners_only},
    {"PeopleRunWhenTheConfigurationLetsThem", Action::run, all_open, Permission::granted},
    {"OnlyOwnersDecide", Action::decide, by_default, Permission::owners_only},
    {"PeopleDecideAboutTheirOwnWhenTheConfigurationLetsThem", Action::decide, all_open, Permission::granted},
    {"PeopleStopTheirOwn", Action::abort, by_default, Permission::granted},
    {"OnlyOwnersStopWhenTheConfigurationSaysSo", Action::abort, no_abort, Permission::owners_only},
    {"OnlyOwnersPanic", Action::panic, all_open, Permission::owners_only},
    {"OnlyOwnersLetPeopleInAndOnlyInPrivate", Action::manage_people, all_open, Permission::owners_only,
     Permission::granted, Permission::in_private_only},
};

INSTANTIATE_TEST_SUITE_P(Table, PermissionTest, testing::ValuesIn(table),
                         [](const auto& instance) { return instance.param.name; });

TEST(ActionTest, EveryCommandAsksForSomething) {
  EXPECT_EQ(action_of(TaskCommand{}), Action::ask);
  EXPECT_EQ(action_of(StatusCommand{}), Action::ask);
  EXPECT_EQ(action_of(RunCommand{}), Action::run);
  EXPECT_EQ(action_of(ApproveCommand{}), Action::decide);
  EXPECT_EQ(action_of(DenyCommand{}), Action::decide);
  EXPECT_EQ(action_of(AbortCommand{}), Action::abort);
  EXPECT_EQ(action_of(PanicCommand{}), Action::panic);
  EXPECT_EQ(action_of(PairingsCommand{}), Action::manage_people);
  EXPECT_EQ(action_of(ApprovePairCommand{}), Action::manage_people);
  EXPECT_EQ(action_of(UnpairCommand{}), Action::manage_people);
}

TEST(JobSightTest, PeopleSeeOnlyTheirOwnJobsInTheirOwnChat) {
  for (const Place place : {Place::private_chat, Place::group}) {
    EXPECT_TRUE(may_see(Role::person, place, {.own = true, .this_chat = true}));
    EXPECT_FALSE(may_see(Role::person, place, {.own = false, .this_chat = true}));
    EXPECT_FALSE(may_see(Role::person, place, {.own = true, .this_chat = false}));
  }
}

TEST(JobSightTest, AnOwnerSeesAllOfAChatAndInPrivateEverything) {
  EXPECT_TRUE(may_see(Role::owner, Place::group, {.this_chat = true}));
  EXPECT_FALSE(may_see(Role::owner, Place::group, {.own = true, .this_chat = false}));
  EXPECT_TRUE(may_see(Role::owner, Place::private_chat, {.this_chat = false}));
}

TEST(JobSightTest, ACommandWithoutAJobMeansOneOfTheChat) {
  for (const Role role : {Role::owner, Role::person}) {
    EXPECT_TRUE(may_be_meant(role, Place::group, {.own = true, .this_chat = true}));
    EXPECT_FALSE(may_be_meant(role, Place::private_chat, {.own = true, .this_chat = false}));
  }
}

TEST(JobSightTest, AnOwnerInPrivateMayAlsoMeanWhatAPersonWantsApproved) {
  const JobRelation asked{.requester = Role::person, .waits_for_approval = true};
  EXPECT_TRUE(may_be_meant(Role::owner, Place::private_chat, asked));
  EXPECT_FALSE(may_be_meant(Role::owner, Place::group, asked));
  EXPECT_FALSE(may_be_meant(Role::person, Place::private_chat, asked));
}

TEST(JobSightTest, WhatAnotherOwnerWantsApprovedWasNotShownHereAndIsNotMeant) {
  EXPECT_FALSE(
      may_be_meant(Role::owner, Place::private_chat, {.requester = Role::owner, .waits_for_approval = true}));
}

}  // namespace

}  // namespace butler::domain::permissions_test
