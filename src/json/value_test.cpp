#include "json/value.hpp"

#include <gmock/gmock.h>

#include "json/short_lived.hpp"

namespace butler::json::value_test {
namespace {

using testing::StartsWith;

TEST(Parse, ReadsOneTextAndNothingBehindIt) {
  EXPECT_TRUE(parse(R"( {"a":[1,2.5,"x",true,null]} )"));
  for (const char* text : {"", "{", "{} {}", "nul", R"({"a":1,})", R"({'a':1})", "NaN"}) {
    const auto value = parse(text);
    ASSERT_FALSE(value) << text;
    EXPECT_THAT(value.error(), StartsWith("not valid JSON: "));
  }
}

TEST(Parse, RefusesWhatNestsTooDeep) {
  const std::string deep(33, '[');
  const std::string fine = std::string(32, '[') + std::string(32, ']');

  EXPECT_TRUE(parse(fine));
  EXPECT_FALSE(parse(deep + std::string(33, ']')));
}

TEST(Parse, RefusesNumbersThatCouldNotBeReadAgain) {
  EXPECT_TRUE(parse("[1e308, -1e308, 18446744073709551615]"));
  EXPECT_FALSE(parse("1e999"));
  EXPECT_FALSE(parse(R"({"costUsd": [{"deep": -1e400}]})"));
  EXPECT_FALSE(parse_tolerant("[1e999]"));
}

TEST(Parse, IsStrictAboutUnicode) {
  EXPECT_FALSE(parse(R"("\ud83d")"));
  EXPECT_FALSE(parse("\"\xFF\""));
  EXPECT_EQ(parse(R"("\ud83d\ude00")").value().as_string(), "😀");
}

TEST(ParseShortLived, ReadsAndRefusesAsParseDoesAndWhatIsCopiedOutStays) {
  const std::string text = R"({"a":[1,2.5,"a text that is too long to lie in its value"],"b":{"c":null}})";
  Value copy;
  {
    ShortLived memory(text.size());
    const auto value = memory.parse(text);
    ASSERT_TRUE(value);
    copy = *value;
    EXPECT_EQ(memory.parse("{").error(), parse("{").error());
    EXPECT_EQ(memory.parse("1e999").error(), parse("1e999").error());
  }
  EXPECT_EQ(copy, parse(text).value());
}

struct Repair {
  const char* text;
  const char* meaning;
  friend std::ostream& operator<<(std::ostream& out, const Repair& repair) { return out << repair.text; }
};

class ParseTolerant : public testing::TestWithParam<Repair> {};

TEST_P(ParseTolerant, ReadsHalfCharactersAsReplacements) {
  const auto value = parse_tolerant(GetParam().text);

  ASSERT_TRUE(value) << value.error();
  EXPECT_EQ(value->as_string(), GetParam().meaning);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, ParseTolerant,
    testing::Values(Repair{R"("a\ud83db")", "a\uFFFDb"}, Repair{R"("a\ude00b")", "a\uFFFDb"},
                    Repair{R"("\ud83d")", "\uFFFD"}, Repair{R"("\ud83d\ud83d\ude00")", "\uFFFD😀"},
                    Repair{R"("\ude00\ud83d")", "\uFFFD\uFFFD"},
                    Repair{R"("\uD83D\uDE00\ud83d")", "😀\uFFFD"},
                    Repair{R"("\\ud83d \ud83d")", "\\ud83d \uFFFD"}, Repair{R"("\ud83d\n")", "\uFFFD\n"},
                    Repair{R"("\ud83d\u0041")", "\uFFFDA"}, Repair{"\"a\xFF\xC3\"", "a\uFFFD\uFFFD"},
                    Repair{"\"\xED\xA0\xBD\"", "\uFFFD\uFFFD\uFFFD"},
                    Repair{R"("plain é 😀")", "plain é 😀"}));

TEST(ParseTolerantly, DoesNotMakeSenseOfWhatIsNoJson) {
  for (const char* text : {"", "{", R"("\ud83d)", R"("\)", R"("\u12)"})
    EXPECT_FALSE(parse_tolerant(text)) << text;
}

TEST(Find, ReadsMembersOfTheRightKindOnly) {
  const Value value =
      parse(R"({"text":"t","whole":7,"part":1.5,"big":1e300,"yes":true,"no":false,"null":null})").value();

  EXPECT_EQ(find_string(value, "text"), "t");
  EXPECT_EQ(find_string(value, "whole"), "");
  EXPECT_EQ(find_string(value, "absent"), "");
  EXPECT_EQ(find_integer(value, "whole"), 7);
  EXPECT_EQ(find_integer(value, "text", -1), -1);
  EXPECT_EQ(find_integer(value, "part", -1), -1);
  EXPECT_EQ(find_integer(value, "big", -1), -1);
  EXPECT_EQ(find_number(value, "part"), 1.5);
  EXPECT_EQ(find_number(value, "whole"), 7.0);
  EXPECT_EQ(find_number(value, "null", 3.0), 3.0);
  EXPECT_TRUE(find_true(value, "yes"));
  EXPECT_FALSE(find_true(value, "no"));
  EXPECT_FALSE(find_true(value, "text"));
  ASSERT_NE(find(value, "null"), nullptr);
  EXPECT_TRUE(find(value, "null")->is_null());
}

TEST(Find, NothingIsFoundInWhatIsNoObject) {
  EXPECT_EQ(find(Value(Array{1, 2}), "text"), nullptr);
  EXPECT_EQ(find_string(Value("text"), "text"), "");
  EXPECT_EQ(find_integer(Value(nullptr), "text", 5), 5);
}

TEST(Serialize, IsCompactAndReadsBack) {
  const Value value{{"a", {1, "x\"\n", nullptr}}};

  EXPECT_EQ(serialize(value), R"({"a":[1,"x\"\n",null]})");
  EXPECT_EQ(parse(serialize(value)).value(), value);
}

}  // namespace
}  // namespace butler::json::value_test
