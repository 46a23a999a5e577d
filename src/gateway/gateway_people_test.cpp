#include "gateway/gateway_fixture.hpp"
#include "gateway/wording_commands.hpp"
#include "gateway/wording_people.hpp"

namespace butler::gateway::gateway_people_test {

namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t anna = 99;

/// The whole gateway with somebody beside the owner. What the people of a real chat see is in
/// tests/system/test_pairing.py and test_permissions.py; here is what only a seam can show.
class GatewayPeopleTest : public GatewayTest {
 protected:
  void pair_anna() {
    say("/start", {}, anna);
    ASSERT_TRUE(shown(2));
    const std::string to_owner =
        texts()[0].find("/approvepair ") != std::string::npos ? texts()[0] : texts()[1];
    const auto at = to_owner.find("/approvepair ") + std::string_view{"/approvepair "}.size();
    say("/approvepair " + to_owner.substr(at, 9));
    ASSERT_TRUE(shown(4));
  }
};

TEST_F(GatewayPeopleTest, AJobThatWasBeingCreatedWhenItsPersonWasUnpairedIsStopped) {
  orchestrator.instant_agent = false;
  start();
  pair_anna();
  orchestrator.hold_creates = true;
  say("dig a hole", {}, anna);
  ASSERT_TRUE(until([&] { return orchestrator.held_creates == 1; }));
  say("/unpair 99");
  ASSERT_TRUE(shown(5));
  orchestrator.hold_creates = false;
  orchestrator.changed.notify_all();

  ASSERT_TRUE(until([&] {
    return !orchestrator.jobs.empty() &&
           orchestrator.job_with_prompt("dig a hole").status == domain::JobStatus::aborted;
  }));
}

TEST_F(GatewayPeopleTest, WhatSomebodyAskedForBeforeTheyBecameNobodyIsNotBegun) {
  settings.owners = {owner, anna};
  start();
  orchestrator.away = true;
  say("from a former owner", {}, anna);
  ASSERT_TRUE(until([&] { return !texts().empty(); })) << "told that it waits";
  kill();
  settings.owners = {owner};
  orchestrator.away = false;
  start();
  say("hello");

  ASSERT_TRUE(until([&] { return texts().back() == "re: hello"; }));
  EXPECT_THAT(orchestrator.created, ElementsAre("hello"));
}

TEST_F(GatewayPeopleTest, AControlCommandOfSomebodyWhoBecameNobodyIsDropped) {
  settings.owners = {owner, anna};
  options.control_patience = std::chrono::seconds{60};
  start();
  say("/run reboot");
  ASSERT_TRUE(shown(1));
  orchestrator.away = true;  // the command is kept, and cannot be done yet
  say("/approve " + short_id("reboot"), {}, anna);
  ASSERT_TRUE(until([&] { return telegram.updates.empty(); }));
  kill();
  orchestrator.away = false;
  settings.owners = {owner};
  start();
  say("/whoami");

  ASSERT_TRUE(shown(2));
  ASSERT_TRUE(at_rest());
  EXPECT_EQ(orchestrator.job_with_prompt("reboot").status, domain::JobStatus::needs_approval);
}

TEST_F(GatewayPeopleTest, APersonsCommandIsShownToEveryOwnerAndOnlyToThem) {
  settings.owners = {owner, 43};
  settings.allowed = {anna};
  settings.run_owner_only = false;
  start();
  say("/run df -h", {}, anna);
  ASSERT_TRUE(shown(3));

  std::map<std::int64_t, std::string> seen;
  for (const auto& one : telegram.shown) seen[one.chat_id] = one.text;
  EXPECT_THAT(seen[anna], HasSubstr("My owner has to approve"));
  EXPECT_THAT(seen[owner], HasSubstr("Ada (id 99) wants to run a command"));
  EXPECT_THAT(seen[43], HasSubstr("/approve " + short_id("df -h")));
}

}  // namespace

}  // namespace butler::gateway::gateway_people_test
