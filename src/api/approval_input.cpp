#include "api/approval_input.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "json/value.hpp"

namespace butler::api {

namespace {

std::string text_of(const json::Value& value) {
  return value.is_string() ? std::string{value.get_string()} : json::serialize(value);
}

/// What says what a call does; it comes first.
constexpr std::array<std::string_view, 2> main_members{"command", "path"};

}  // namespace

std::string input_text(const Approval& approval) {
  if (!approval.input.is_object()) return text_of(approval.input);
  const json::Object& input = approval.input.get_object();
  const auto host = json::find_string(approval.input, "host");
  if (approval.tool_name == "network" && input.size() == 2 && !host.empty() && input.contains("port")) {
    return std::string{host} + ":" + text_of(input.at("port"));
  }
  if (input.size() == 1) return text_of(input.begin()->value());
  std::string text;
  const auto add = [&](std::string_view name, const json::Value& value) {
    const std::string shown = text_of(value);
    const bool block = shown.find('\n') != std::string::npos;
    text += (text.empty() ? "" : "\n") + std::string{name} + (block ? ":\n" : ": ") + shown;
  };
  for (const auto name : main_members) {
    if (const auto* value = input.if_contains(name)) add(name, *value);
  }
  for (const auto& member : input) {
    const bool was_first =
        std::ranges::find(main_members, std::string_view{member.key()}) != main_members.end();
    if (!was_first) add(member.key(), member.value());
  }
  return text;
}

}  // namespace butler::api
