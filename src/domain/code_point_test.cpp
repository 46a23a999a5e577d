#include "domain/code_point.hpp"

#include <gtest/gtest.h>

namespace butler::domain::code_point_test {
namespace {

TEST(CodePoint, IsReadWhereItBegins) {
  const std::string_view text = "aé€😀";
  std::u32string read;
  for (std::size_t at = 0; at < text.size();) {
    const auto next = code_point_at(text, at);
    read += next.value;
    at += next.length;
  }
  EXPECT_TRUE(read == U"aé€😀");
  EXPECT_EQ(code_point_at(text, text.size()).length, 0U);
}

TEST(CodePoint, WhatSteersATerminalOrTheEyeIsKnown) {
  for (const char32_t c : {U'\0', U'\x1B', U'\x7F', U'\x9B'}) EXPECT_TRUE(is_control(c));
  for (const char32_t c : {U' ', U'a', U'\xA0'}) EXPECT_FALSE(is_control(c));
  for (const char32_t c : {U'\x061C', U'\x200F', U'\x202E', U'\x2066'}) EXPECT_TRUE(turns_direction(c));
  for (const char32_t c : {U'\x200D', U'\x2070', U'\x0410'}) EXPECT_FALSE(turns_direction(c));
}

}  // namespace
}  // namespace butler::domain::code_point_test
