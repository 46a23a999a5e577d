#include "domain/visible_text.hpp"

#include <gtest/gtest.h>

namespace butler::domain::visible_text_test {

namespace {

TEST(VisibleTextTest, WhatHidesIsWrittenOut) {
  EXPECT_EQ(make_visible("ls\u202E -l\u200B\u00A0x"), "ls⟨U+202E⟩ -l⟨U+200B⟩⟨U+00A0⟩x");
  EXPECT_EQ(make_visible(std::string{"a\tb\rc\x1B[2Kd"}), "a⟨U+0009⟩b⟨U+000D⟩c⟨U+001B⟩[2Kd");
  EXPECT_EQ(make_visible("x\U000E0041"), "x⟨U+E0041⟩");
  EXPECT_EQ(make_visible("echo grüße 😀\nls"), "echo grüße 😀\nls");
}

TEST(VisibleTextTest, LettersThatOnlyLookLatinAreNoticed) {
  EXPECT_TRUE(mixes_lookalikes("sud\u043E ls"));
  EXPECT_FALSE(mixes_lookalikes("echo grüße"));
  EXPECT_FALSE(mixes_lookalikes("привет"));
}

}  // namespace

}  // namespace butler::domain::visible_text_test
