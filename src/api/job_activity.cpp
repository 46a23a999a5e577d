#include "api/job_activity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "domain/utf8.hpp"
#include "domain/visible_text.hpp"

namespace butler::api {

namespace {

using domain::EventType;

constexpr std::size_t longest_summary = 100;

std::string_view member(const Event& event, std::string_view name) {
  return event.data ? json::find_string(*event.data, name) : std::string_view{};
}

std::string tool_words(const Event& start) {
  const std::string name = domain::shorten(domain::make_visible(member(start, "toolName")), longest_summary);
  std::string summary{member(start, "summary")};
  std::ranges::replace(summary, '\n', ' ');
  if (summary.empty()) return fmt::format("runs the tool {}", name);
  return fmt::format("runs {}: {}", name, domain::shorten(domain::make_visible(summary), longest_summary));
}

}  // namespace

std::string activity(std::span<const Event> events) {
  std::string words;
  std::vector<const Event*> tools;  // that have started and not ended
  for (const Event& event : events) {
    switch (event.type) {
      case EventType::job_started: words = "starts"; break;
      case EventType::agent_text_delta: words = "writes the answer"; break;
      case EventType::agent_thinking_delta: words = "thinks"; break;
      case EventType::tool_start: tools.push_back(&event); break;
      case EventType::tool_end:
        std::erase_if(tools, [&](const Event* start) {
          return member(*start, "toolCallId") == member(event, "toolCallId");
        });
        words = "looks at what a tool has found";
        break;
      case EventType::job_requeued:
        tools.clear();
        words = "waits for another try";
        break;
      default: break;
    }
  }
  return tools.empty() ? words : tool_words(*tools.back());
}

}  // namespace butler::api
