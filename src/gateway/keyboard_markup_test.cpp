#include "gateway/keyboard_markup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace butler::gateway::keyboard_markup_test {

namespace {

using ::testing::ElementsAre;

ButtonRow row(std::int64_t place, std::string label) {
  return {.token = "token-" + label, .place = place, .button = {.label = std::move(label)}};
}

TEST(KeyboardMarkupTest, ButtonsStandInTheirRows) {
  auto danger = row(8, "C");
  danger.button.style = ButtonStyle::danger;
  EXPECT_EQ(
      json::serialize(keyboard_markup({row(0, "A"), row(1, "B"), danger})),
      R"({"inline_keyboard":[[{"text":"A","callback_data":"token-A"},{"text":"B","callback_data":"token-B"}],)"
      R"([{"text":"C","callback_data":"token-C","style":"danger"}]]})");
}

TEST(KeyboardMarkupTest, AnOutcomeIsTheOnlyButtonAndDoesNothing) {
  EXPECT_EQ(json::serialize(keyboard_markup({row(0, "A")}, "Approved")),
            R"({"inline_keyboard":[[{"text":"Approved","disabled":{}}]]})");
  EXPECT_EQ(json::serialize(keyboard_markup({row(0, "A")}, "")), R"({"inline_keyboard":[]})");
}

TEST(KeyboardMarkupTest, WhatIsUsedGoesAwayOrSaysSo) {
  auto gone = row(0, "A");
  gone.used = true;
  auto said = row(1, "B");
  said.used = true;
  said.used_label = "B was";
  EXPECT_EQ(json::serialize(keyboard_markup({gone, said})),
            R"({"inline_keyboard":[[{"text":"B was","disabled":{}}]]})");
}

TEST(KeyboardMarkupTest, ATokenIsFoundAgain) {
  EXPECT_EQ(token_in(keyboard_markup({row(0, "A")})), "token-A");
  EXPECT_EQ(token_in(keyboard_markup({row(0, "A")}, "over")), std::nullopt);
  EXPECT_EQ(token_in({}), std::nullopt);
}

TEST(KeyboardMarkupTest, TheLastTextCarriesIt) {
  const auto markup = keyboard_markup({row(0, "A")});
  const auto payloads = with_markup({R"({"text":"one"})", R"({"text":"two"})", R"({"document":{}})"}, markup);
  EXPECT_EQ(markup_of_payload(payloads.at(0)), std::nullopt);
  EXPECT_EQ(markup_of_payload(payloads.at(1)), markup);
  EXPECT_EQ(payloads.at(2), R"({"document":{}})");
}

TEST(KeyboardMarkupTest, ATextThatLooksLikeAKeyboardIsNone) {
  EXPECT_EQ(markup_of_payload(json::serialize(json::Object{{"text", R"("reply_markup":{})"}})), std::nullopt);
}

}  // namespace

}  // namespace butler::gateway::keyboard_markup_test
