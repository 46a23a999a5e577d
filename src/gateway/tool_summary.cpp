#include "gateway/tool_summary.hpp"

#include <algorithm>
#include <utility>

#include "api/event_member.hpp"
#include "domain/utf8.hpp"
#include "domain/visible_text.hpp"

namespace butler::gateway {

namespace {

constexpr std::size_t longest_tool_name = 40;
constexpr std::size_t most_names = 8;

std::string name_of(wording::Language language, const api::Event& event) {
  const std::string_view name = api::event_member(event, "toolName");
  return name.empty() ? wording::say(language, "tools.unnamed")
                      : domain::shorten(domain::make_visible(name), longest_tool_name);
}

}  // namespace

std::string tool_summary(wording::Language language, const std::vector<api::Event>& events) {
  std::vector<std::pair<std::string, int>> tools;
  for (const api::Event& event : events) {
    if (event.type != domain::EventType::tool_start) continue;
    const std::string name = name_of(language, event);
    const auto known = std::ranges::find(tools, name, &std::pair<std::string, int>::first);
    known == tools.end() ? void(tools.emplace_back(name, 1)) : void(++known->second);
  }
  std::string text;
  for (std::size_t i = 0; i < tools.size(); ++i) {
    if (i == most_names) return text + ", …";
    text += (i == 0 ? "" : ", ") + tools[i].first;
    if (tools[i].second > 1) text += " ×" + std::to_string(tools[i].second);
  }
  return text;
}

}  // namespace butler::gateway
