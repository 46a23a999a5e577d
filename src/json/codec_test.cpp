#include "json/codec.hpp"

#include <gmock/gmock.h>

#include <limits>

namespace butler::json::example {

enum class Color : std::uint8_t { red, dark_green };
BOOST_DESCRIBE_ENUM(Color, red, dark_green)

struct Point {
  std::int64_t x_axis = 0;
  std::optional<double> height;

  bool operator==(const Point&) const = default;
};
BOOST_DESCRIBE_STRUCT(Point, (), (x_axis, height))

struct Drawing {
  std::string name;
  Color color = Color::red;
  std::vector<Point> points;
  std::map<std::string, bool> layers;
  std::optional<Point> focus_point;
  std::optional<std::vector<std::string>> tags;
  std::optional<Value> extra;
  std::optional<domain::Timestamp> drawn_at;

  bool operator==(const Drawing&) const = default;
};
BOOST_DESCRIBE_STRUCT(Drawing, (), (name, color, points, layers, focus_point, tags, extra, drawn_at))

struct Foreign {
  std::string chat_id;
};
BOOST_DESCRIBE_STRUCT(Foreign, (), (chat_id))

struct Nothing {
  std::optional<bool> nothing;
};
BOOST_DESCRIBE_STRUCT(Nothing, (), (nothing))

}  // namespace butler::json::example

namespace butler::json {

template <>
inline constexpr bool snake_case_on_the_wire<example::Foreign> = true;

namespace {

using example::Color;
using example::Drawing;
using example::Foreign;
using example::Nothing;
using example::Point;
using testing::ElementsAre;

Value parsed(std::string_view text) { return parse(text).value(); }

template <class T>
std::vector<Problem> problems_of(std::string_view text) {
  auto decoded = decode<T>(parsed(text));
  return decoded ? std::vector<Problem>{} : decoded.error();
}

TEST(Codec, WritesCamelCaseAndLeavesEmptyOptionalsOut) {
  const Drawing drawing{.name = "a",
                        .color = Color::dark_green,
                        .points = {{.x_axis = 1, .height = 2.5}},
                        .layers = {{"top", true}},
                        .focus_point = {},
                        .tags = {},
                        .extra = {},
                        .drawn_at = {}};

  EXPECT_EQ(
      serialize(encode(drawing)),
      R"({"name":"a","color":"dark_green","points":[{"xAxis":1,"height":2.5E0}],"layers":{"top":true}})");
}

TEST(Codec, WritesTheSameTextWithATreeAndWithout) {
  std::string every;
  for (int c = 0; c < 128; ++c) every.push_back(static_cast<char>(c));
  const Drawing full{.name = every + "é😀",
                     .color = Color::dark_green,
                     .points = {{.x_axis = std::numeric_limits<std::int64_t>::min(), .height = 0.1},
                                {.x_axis = 7, .height = {}}},
                     .layers = {{every, true}, {"", false}},
                     .focus_point = Point{.x_axis = -1, .height = 1e300},
                     .tags = std::vector<std::string>{"", "\"", "plain"},
                     .extra = Value{{"any", {1, nullptr, "\n"}}},
                     .drawn_at = domain::from_iso8601("2026-11-22T09:54:39.123Z")};

  EXPECT_EQ(to_text(full), serialize(encode(full)));
  EXPECT_EQ(to_text(Drawing{}), serialize(encode(Drawing{})));
  EXPECT_EQ(to_text(Nothing{}), "{}");
}

TEST(Codec, ReadsWhatItWrites) {
  const Drawing drawing{.name = "é\n",
                        .color = Color::red,
                        .points = {{.x_axis = std::numeric_limits<std::int64_t>::min(), .height = {}}},
                        .layers = {},
                        .focus_point = Point{.x_axis = 3, .height = 0.1},
                        .tags = std::vector<std::string>{"x", ""},
                        .extra = Value{{"any", {1, nullptr}}},
                        .drawn_at = domain::from_iso8601("2026-11-22T09:54:39.123Z")};

  const auto again = decode<Drawing>(parsed(serialize(encode(drawing))));

  ASSERT_TRUE(again);
  EXPECT_EQ(*again, drawing);
}

TEST(Codec, AnOptionalMayBeAbsentOrNull) {
  const auto absent = decode<Point>(parsed(R"({"xAxis":1})"));
  ASSERT_TRUE(absent);
  EXPECT_EQ(absent->height, std::nullopt);

  const auto null = decode<Point>(parsed(R"({"xAxis":1,"height":null})"));
  ASSERT_TRUE(null);
  EXPECT_EQ(null->height, std::nullopt);
}

TEST(Codec, IgnoresUnknownMembers) {
  EXPECT_TRUE(decode<Point>(parsed(R"({"xAxis":1,"new":{"in":"a later version"}})")));
}

TEST(Codec, SnakeCaseTypesKeepTheirNames) {
  const auto foreign = decode<Foreign>(parsed(R"({"chat_id":"7"})"));
  ASSERT_TRUE(foreign);
  EXPECT_EQ(foreign->chat_id, "7");
  EXPECT_EQ(serialize(encode(*foreign)), R"({"chat_id":"7"})");
}

TEST(Codec, NamesThePathOfEverythingThatIsWrong) {
  const auto problems = problems_of<Drawing>(
      R"({"color":"blue","points":[{"xAxis":1},{"xAxis":"2","height":true}],"layers":{"top":1},"focusPoint":[],)"
      R"("tags":["a",null],"drawnAt":"yesterday"})");

  EXPECT_THAT(problems, ElementsAre(Problem{"name", "is required"}, Problem{"color", "unknown value 'blue'"},
                                    Problem{"points/1/xAxis", "expected an integer, got a string"},
                                    Problem{"points/1/height", "expected a number, got a boolean"},
                                    Problem{"layers/top", "expected a boolean, got a number"},
                                    Problem{"focusPoint", "expected an object, got an array"},
                                    Problem{"tags/1", "expected a string, got null"},
                                    Problem{"drawnAt", "expected a time like 2026-11-22T09:54:39.123Z"}));
}

TEST(Codec, WhatIsNoObjectIsWrongAsAWhole) {
  EXPECT_THAT(problems_of<Point>("[]"), ElementsAre(Problem{"", "expected an object, got an array"}));
  EXPECT_THAT(problems_of<Point>("null"), ElementsAre(Problem{"", "expected an object, got null"}));
}

TEST(Codec, AnIntegerIsNeitherCutNorWrapped) {
  EXPECT_EQ(decode<Point>(parsed(R"({"xAxis":9223372036854775807})"))->x_axis,
            std::numeric_limits<std::int64_t>::max());
  for (const char* text : {R"({"xAxis":1.5})", R"({"xAxis":9223372036854775808})", R"({"xAxis":1e300})"}) {
    EXPECT_THAT(problems_of<Point>(text), ElementsAre(Problem{"xAxis", "expected an integer in range"}))
        << text;
  }
}

TEST(Codec, EnumeratorsAreReadByTheirExactNameOnly) {
  EXPECT_THAT(problems_of<Drawing>(R"({"name":"","color":"Red","points":[],"layers":{}})"),
              ElementsAre(Problem{"color", "unknown value 'Red'"}));
  EXPECT_THAT(problems_of<Drawing>(R"({"name":"","color":0,"points":[],"layers":{}})"),
              ElementsAre(Problem{"color", "expected a string, got a number"}));
}

TEST(CamelCase, ReplacesUnderlinesAndTheLetterBehind) {
  EXPECT_EQ(to_camel_case("chat_id"), "chatId");
  EXPECT_EQ(to_camel_case("id"), "id");
  EXPECT_EQ(to_camel_case("next_before_it"), "nextBeforeIt");
  EXPECT_EQ(to_camel_case("at_2nd"), "at2nd");
}

}  // namespace
}  // namespace butler::json
