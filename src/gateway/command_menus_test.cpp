#include "gateway/command_menus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/gateway_fixture.hpp"

namespace butler::gateway::command_menus_test {

namespace {

using ::testing::ElementsAre;

std::vector<std::string> scopes(const std::vector<CommandMenu>& menus) {
  std::vector<std::string> names;
  for (const auto& menu : menus) names.push_back(menu.scope.name());
  return names;
}

TEST(WantedMenusTest, AreOneForPeopleOneForGroupsAndOneForEachOwner) {
  EXPECT_THAT(scopes(wanted_menus({42, 43}, {})),
              ElementsAre("all_private_chats", "all_group_chats", "chat:42", "chat:43"));
}

TEST_F(GatewayTest, MenusAreToldOnceAndTakenBackFromWhoIsNoLongerAnOwner) {
  settings.owners = {owner, 43};
  start();
  ASSERT_TRUE(until([&] { return telegram.count_calls("setMyCommands") == 4; }));
  say("hello");
  ASSERT_TRUE(shown(1));
  kill();
  settings.owners = {owner};
  start();

  ASSERT_TRUE(until([&] { return telegram.count_calls("deleteMyCommands") == 1; }));
  say("again");
  ASSERT_TRUE(shown(2));
  EXPECT_EQ(telegram.count_calls("setMyCommands"), 4U);
}

}  // namespace

}  // namespace butler::gateway::command_menus_test
