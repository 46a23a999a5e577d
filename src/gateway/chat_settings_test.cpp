#include "gateway/chat_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/store_test_support.hpp"

namespace butler::gateway::chat_settings_test {

namespace {

using ::testing::HasSubstr;

class ChatSettingsTest : public ::testing::Test {
 protected:
  static constexpr Setter ada{.chat_id = 7, .person_id = 7};

  TempFolder home;
  domain::Timestamp now = domain::wall_clock_now();
  GatewayDatabase gateway = GatewayDatabase::open(home.path(), now);
  SqlGatewayStore store{gateway, 700'001};
  ChatSettings settings{store};
};

TEST_F(ChatSettingsTest, AModeIsSetByWordsAndByAButton) {
  EXPECT_EQ(settings.live_mode(7), LiveMode::status);
  EXPECT_THAT(settings.obey("mode Draft", ada, now), HasSubstr("(draft)"));
  EXPECT_EQ(settings.live_mode(7), LiveMode::draft);
  EXPECT_THAT(settings.press("mode=edit", ada, now).toast, HasSubstr("(edit)"));
  EXPECT_EQ(settings.live_mode(7), LiveMode::edit);
}

TEST_F(ChatSettingsTest, WhatIsNoSettingChangesNothing) {
  for (const char* typed : {"mode", "mode loud", "mode draft now", "volume off", "draft"}) {
    EXPECT_THAT(settings.obey(typed, ada, now), HasSubstr("I don't know")) << typed;
  }
  EXPECT_TRUE(settings.press("volume=off", ada, now).refused);
  EXPECT_EQ(settings.live_mode(7), LiveMode::status);
}

TEST_F(ChatSettingsTest, InAGroupOnlyAnOwnerChangesSomething) {
  const Setter person{.chat_id = -7, .person_id = 7};
  const Setter owner{.chat_id = -7, .person_id = 1, .role = domain::Role::owner};
  EXPECT_TRUE(settings.press("mode=off", person, now).refused);
  EXPECT_THAT(settings.obey("mode off", person, now), HasSubstr("owner"));
  EXPECT_EQ(settings.live_mode(-7), LiveMode::status);
  EXPECT_FALSE(settings.press("mode=off", owner, now).refused);
  EXPECT_EQ(settings.live_mode(-7), LiveMode::off);
}

TEST_F(ChatSettingsTest, TheButtonsMarkThePresentMode) {
  const Keyboard keyboard = settings.keyboard(7);
  ASSERT_EQ(keyboard.rows.size(), 1U);
  ASSERT_EQ(keyboard.rows[0].size(), 4U);
  EXPECT_EQ(keyboard.rows[0][1].label, "• status");
  EXPECT_EQ(keyboard.rows[0][2].subject, "mode=draft");
}

}  // namespace

}  // namespace butler::gateway::chat_settings_test
