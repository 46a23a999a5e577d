#include "render/render.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <ostream>

#include "render/test_support.hpp"

namespace butler::render::render_test {

namespace {

namespace json = boost::json;

/// A line of testdata/render-cases.json: Markdown and the very messages that it becomes.
struct Case {
  std::string name;
  std::string markdown;
  std::size_t limit = 0;
  std::vector<Part> parts;
};

std::ostream& operator<<(std::ostream& out, const Case& each) { return out << each.name; }

std::string optional_string(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value == nullptr ? std::string{} : json::value_to<std::string>(*value);
}

Part read_part(const json::object& object) {
  Part part{.text = json::value_to<std::string>(object.at("text"))};
  for (const json::value& value : object.at("entities").as_array()) {
    const json::object& entity = value.as_object();
    part.entities.push_back({.type = json::value_to<std::string>(entity.at("type")),
                             .offset = entity.at("offset").to_number<std::size_t>(),
                             .length = entity.at("length").to_number<std::size_t>(),
                             .url = optional_string(entity, "url"),
                             .language = optional_string(entity, "language")});
  }
  return part;
}

std::vector<Case> read_cases() {
  std::ifstream file{RENDER_CASES};
  const std::string content{std::istreambuf_iterator<char>{file}, {}};
  std::vector<Case> cases;
  for (const json::value& value : json::parse(content).as_array()) {
    const json::object& object = value.as_object();
    Case each{.name = json::value_to<std::string>(object.at("name")),
              .markdown = json::value_to<std::string>(object.at("markdown")),
              .limit = object.at("limit").to_number<std::size_t>(),
              .parts = {}};
    for (const json::value& part : object.at("parts").as_array())
      each.parts.push_back(read_part(part.as_object()));
    cases.push_back(std::move(each));
  }
  return cases;
}

class GoldenTest : public testing::TestWithParam<Case> {};

TEST_P(GoldenTest, RendersExactly) {
  EXPECT_EQ(render_markdown(GetParam().markdown, GetParam().limit), GetParam().parts);
}

INSTANTIATE_TEST_SUITE_P(RenderCases, GoldenTest, testing::ValuesIn(read_cases()), [](const auto& instance) {
  std::string name = instance.param.name;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace

}  // namespace butler::render::render_test
