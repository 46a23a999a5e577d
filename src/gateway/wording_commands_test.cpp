#include "gateway/wording_commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/chat_command.hpp"

namespace butler::gateway::wording_commands_test {

namespace {

using domain::PermissionRules;
using domain::Role;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const PermissionRules by_default{};

TEST(HelpTest, NamesEveryCommandThatThereIsToAnOwner) {
  for (const auto language : butler::wording::all_languages) {
    const std::string help = wording::help(language, Role::owner, by_default);
    for (const auto name : domain::chat_command_names()) {
      if (name == "start") continue;  // a button of Telegram's
      EXPECT_THAT(help, HasSubstr("/" + std::string{name}));
    }
    EXPECT_THAT(help, AllOf(Not(HasSubstr("commands.")), Not(HasSubstr("arguments."))))
        << "a key without words";
  }
}

TEST(HelpTest, OffersAPersonOnlyWhatTheyMayUse) {
  EXPECT_THAT(wording::help(wording::Language::en, Role::person, by_default),
              AllOf(HasSubstr("/task"), HasSubstr("/abort"), HasSubstr("/new"), Not(HasSubstr("/run")),
                    Not(HasSubstr("/approve")), Not(HasSubstr("/deny")), Not(HasSubstr("/panic")),
                    Not(HasSubstr("/pairings")), Not(HasSubstr("/unpair"))));
}

TEST(HelpTest, FollowsTheConfiguration) {
  const PermissionRules rules{
      .run_owner_only = false, .approve_owner_only = false, .allow_requester_abort = false};
  EXPECT_THAT(wording::help(wording::Language::en, Role::person, rules),
              AllOf(HasSubstr("/run"), HasSubstr("/approve"), Not(HasSubstr("/abort"))));
  EXPECT_THAT(wording::help(wording::Language::en, Role::owner, rules), HasSubstr("/abort"));
}

TEST(HelpTest, AMistypedCommandIsAnsweredWithTheNearestThatIsForTheRole) {
  EXPECT_THAT(wording::unknown_command(wording::Language::en, "statsu", "status", Role::person, by_default),
              HasSubstr("I don't know /statsu. Did you mean /status?"));
  EXPECT_THAT(wording::unknown_command(wording::Language::en, "pnaic", "panic", Role::owner, by_default),
              HasSubstr("Did you mean /panic?"));
  EXPECT_THAT(wording::unknown_command(wording::Language::en, "pnaic", "panic", Role::person, by_default),
              Not(HasSubstr("/panic?")));
  EXPECT_THAT(wording::unknown_command(wording::Language::en, "sotp", "stop", Role::person, by_default),
              HasSubstr("Did you mean /stop?"));
}

TEST(MenuTest, KeepsTelegramsRules) {
  for (const auto language : butler::wording::all_languages) {
    for (const auto& menu :
         {wording::private_menu(language, Role::owner, by_default),
          wording::private_menu(language, Role::person, by_default), wording::group_menu(language)}) {
      EXPECT_LE(menu.size(), 100U);
      EXPECT_FALSE(menu.empty());
      for (const auto& one : menu) {
        EXPECT_LE(one.command.size(), 32U);
        EXPECT_EQ(one.command.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos);
        EXPECT_FALSE(one.description.empty());
        EXPECT_LE(one.description.size(), 256U);
      }
    }
  }
}

TEST(HelpTest, SpeaksGerman) {
  EXPECT_THAT(
      wording::help(wording::Language::de, Role::owner, by_default),
      AllOf(HasSubstr("/task <Anfrage> - Um etwas bitten; einfacher Text tut dasselbe"),
            HasSubstr("/approve [id] [session|always] - Zulassen, was wartet"), HasSubstr("\n/jobs - Die")));
  EXPECT_EQ(
      wording::welcome(wording::Language::de, "Ada", Role::person),
      "Hallo, Ada. Ich bin Butler. Sag mir mit einfachen Worten, was du brauchst, und ich mache mich an die "
      "Arbeit. /help zeigt den Rest.");
  EXPECT_EQ(wording::who_you_are(wording::Language::de, 42, Role::owner, "telegram:42:v1"),
            "Deine ID ist 42. Du bist ein Besitzer.\nSitzung: telegram:42:v1");
}

TEST(MenuTest, AGroupsMenuHasNothingThatOnlyOwnersMayDo) {
  const auto people = wording::private_menu(wording::Language::en, Role::person, by_default);
  for (const auto& one : wording::group_menu(wording::Language::en)) {
    EXPECT_TRUE(std::ranges::any_of(people, [&](const auto& other) { return other.command == one.command; }))
        << one.command;
  }
}

}  // namespace

}  // namespace butler::gateway::wording_commands_test
