#include "gateway/command_menus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/gateway_fixture.hpp"
#include "gateway/wording_commands.hpp"

namespace butler::gateway::command_menus_test {

namespace {

using ::testing::ElementsAre;

std::vector<std::string> scopes(const std::vector<CommandMenu>& menus) {
  std::vector<std::string> names;
  for (const auto& menu : menus) names.push_back(menu.scope.name());
  return names;
}

TEST(WantedMenusTest, AreOneForPeopleOneForGroupsAndOneForEachOwner) {
  EXPECT_THAT(scopes(wanted_menus({42, 43}, {}, wording::Language::en)),
              ElementsAre("all_private_chats", "all_group_chats", "chat:42", "chat:43"));
}

TEST(WantedMenusTest, AreInEachLanguageUnlessOneIsFixed) {
  const auto menus = wanted_menus({42}, {}, std::nullopt);
  EXPECT_THAT(scopes(menus), ElementsAre("all_private_chats", "all_group_chats", "chat:42",
                                         "all_private_chats@de", "all_group_chats@de", "chat:42@de"));
  EXPECT_EQ(menus[0].commands, wording::private_menu(wording::Language::en, domain::Role::person, {}));
  EXPECT_EQ(menus[5].commands, wording::private_menu(wording::Language::de, domain::Role::owner, {}));
  EXPECT_EQ(wanted_menus({}, {}, wording::Language::de)[1].commands,
            wording::group_menu(wording::Language::de));
}

TEST_F(GatewayTest, MenusAreToldOnceAndTakenBackFromWhoIsNoLongerAnOwner) {
  settings.owners = {owner, 43};
  start();
  ASSERT_TRUE(until([&] { return telegram.count_calls("setMyCommands") == 8; }));
  say("hello");
  ASSERT_TRUE(shown(1));
  kill();
  settings.owners = {owner};
  start();

  ASSERT_TRUE(until([&] { return telegram.count_calls("deleteMyCommands") == 2; }));
  say("again");
  ASSERT_TRUE(shown(2));
  EXPECT_EQ(telegram.count_calls("setMyCommands"), 8U);
}

}  // namespace

}  // namespace butler::gateway::command_menus_test
