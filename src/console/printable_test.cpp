#include "console/printable.hpp"

#include <gtest/gtest.h>

namespace butler::console::printable_test {

namespace {

TEST(PrintableTest, WhatWouldSteerATerminalIsShownAsItsCode) {
  EXPECT_EQ(printable("a\x1B[2Jb"), "a⟨U+001B⟩[2Jb");
  EXPECT_EQ(printable("\x1B]52;c;aGk=\x07"), "⟨U+001B⟩]52;c;aGk=⟨U+0007⟩") << "the clipboard";
  EXPECT_EQ(printable("a\u009B2Jb"), "a⟨U+009B⟩2Jb") << "C1 works as ESC [ does";
  EXPECT_EQ(printable("a\rb\x08\x7F"), "a⟨U+000D⟩b⟨U+0008⟩⟨U+007F⟩");
  EXPECT_EQ(printable("ls \u202Egpj.exe"), "ls ⟨U+202E⟩gpj.exe");
  EXPECT_EQ(printable("x\xFFy"), "x\uFFFDy");
}

TEST(PrintableTest, OrdinaryTextStaysAsItIs) {
  const std::string text = "grüße 漢字 👨\u200D👩\u200D👧 ❤\uFE0F\n\tindented\n";
  EXPECT_EQ(printable(text), text);
  EXPECT_EQ(printable("one\r\ntwo"), "one\ntwo");
}

TEST(PrintableTest, JsonIsTheSameValueWithoutRawControls) {
  const json::Value value = json::Object{{"text", "a\u009B2J\u202E\x1B[\U000E0041 é"}};
  const std::string text = printable_json(value);
  EXPECT_EQ(text, R"({"text":"a\u009b2J\u202e\u001b[\udb40\udc41 é"})");
  EXPECT_EQ(json::parse(text).value(), value);
}

}  // namespace

}  // namespace butler::console::printable_test
