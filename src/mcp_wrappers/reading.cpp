#include "mcp_wrappers/reading.hpp"

#include <algorithm>

namespace butler::mcp_wrappers {

void refuse_file(const std::string& where, const std::string& what) {
  throw WrongFile{.what = where + ": " + what};
}

const json::Object& expect_object(const json::Value& value, const std::string& where) {
  const auto* object = value.if_object();
  if (object == nullptr) refuse_file(where, "expected an object");
  return *object;
}

const json::Array& expect_array(const json::Value& value, const std::string& where) {
  const auto* array = value.if_array();
  if (array == nullptr) refuse_file(where, "expected a list");
  return *array;
}

std::string expect_text(const json::Value& value, const std::string& where) {
  const auto* text = value.if_string();
  if (text == nullptr || text->empty()) refuse_file(where, "expected a text that is not empty");
  if (std::string_view{*text}.contains('\0')) refuse_file(where, "a NUL cannot be used");
  return std::string{std::string_view{*text}};
}

bool expect_bool(const json::Value& value, const std::string& where) {
  const auto* flag = value.if_bool();
  if (flag == nullptr) refuse_file(where, "expected true or false");
  return *flag;
}

const json::Value& expect_member(const json::Object& object, const char* name, const std::string& where) {
  const auto* found = object.if_contains(name);
  if (found == nullptr) refuse_file(where, std::string{"expected the member \""} + name + "\"");
  return *found;
}

void refuse_unknown_members(const json::Object& object, const std::string& where,
                            std::span<const std::string_view> known) {
  for (const auto& member : object) {
    const std::string_view key = member.key();
    if (std::ranges::find(known, key) == known.end())
      refuse_file(where, "unknown member \"" + std::string{key} + "\"");
  }
}

}  // namespace butler::mcp_wrappers
