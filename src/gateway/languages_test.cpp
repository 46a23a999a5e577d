#include "gateway/languages.hpp"

#include <gtest/gtest.h>

#include <map>

namespace butler::gateway::languages_test {

namespace {

using wording::Language;

class FakeRecords final : public LanguageRecords {
 public:
  std::string language_code(std::int64_t chat_id) override {
    return codes.contains(chat_id) ? codes.at(chat_id) : "";
  }
  void set_language_code(std::int64_t chat_id, std::string_view code, domain::Timestamp) override {
    codes[chat_id] = code;
    ++writes;
  }

  std::map<std::int64_t, std::string> codes;
  int writes = 0;
};

telegram::Person person(std::int64_t id, std::string code) {
  return {.id = id, .first_name = "Anna", .language_code = std::move(code)};
}

TEST(LanguagesTest, OfSomebodyWhoWritesComesWithTheirMessage) {
  FakeRecords records;
  const Languages languages(records, std::nullopt);
  EXPECT_EQ(languages.of(person(7, "de-AT")), Language::de);
  EXPECT_EQ(languages.of(person(7, "fr")), Language::en);
  EXPECT_EQ(languages.of(person(7, "")), Language::en);
}

TEST(LanguagesTest, AreKeptForThePersonAndForTheirPrivateChat) {
  FakeRecords records;
  Languages languages(records, std::nullopt);
  EXPECT_EQ(languages.of_person(7), Language::en);
  languages.note(person(7, "de"), 7, {});
  EXPECT_EQ(languages.of_person(7), Language::de);
  EXPECT_EQ(languages.of_lane({.chat_id = 7, .thread_id = 3}), Language::de);
  EXPECT_EQ(languages.of(person(7, "")), Language::de) << "Telegram does not tell it with each message";
}

TEST(LanguagesTest, OfAGroupIsTheOneThatWasSpokenThereLast) {
  FakeRecords records;
  Languages languages(records, std::nullopt);
  languages.note(person(7, "de"), -5, {});
  EXPECT_EQ(languages.of_lane({.chat_id = -5}), Language::de);
  languages.note(person(8, "en"), -5, {});
  EXPECT_EQ(languages.of_lane({.chat_id = -5}), Language::en);
  EXPECT_EQ(languages.of_person(7), Language::de);
}

TEST(LanguagesTest, AreWrittenOnlyWhenTheyAreNews) {
  FakeRecords records;
  Languages languages(records, std::nullopt);
  languages.note(person(7, "de"), -5, {});
  languages.note(person(7, "de"), -5, {});
  languages.note(person(7, ""), -5, {});
  EXPECT_EQ(records.writes, 2);
  languages.note(person(7, std::string(36, 'd')), -5, {});
  EXPECT_EQ(records.writes, 2) << "no code is that long";
}

TEST(LanguagesTest, TheConfigurationsLanguageIsEverybodys) {
  FakeRecords records;
  Languages languages(records, Language::en);
  languages.note(person(7, "de"), 7, {});
  EXPECT_EQ(languages.of(person(7, "de")), Language::en);
  EXPECT_EQ(languages.of_person(7), Language::en);
  EXPECT_EQ(languages.of_lane({.chat_id = 7}), Language::en);
}

}  // namespace

}  // namespace butler::gateway::languages_test
