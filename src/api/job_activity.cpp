#include "api/job_activity.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/event_member.hpp"
#include "domain/utf8.hpp"
#include "domain/visible_text.hpp"

namespace butler::api {

namespace {

using domain::EventType;

constexpr std::size_t longest_summary = 100;

Activity running_tool(const Event& start) {
  std::string summary{event_member(start, "summary")};
  std::ranges::replace(summary, '\n', ' ');
  return {.kind = ActivityKind::runs_tool,
          .tool = domain::shorten(domain::make_visible(event_member(start, "toolName")), longest_summary),
          .summary = domain::shorten(domain::make_visible(summary), longest_summary)};
}

}  // namespace

void JobActivity::add(const Event& event) {
  switch (event.type) {
    case EventType::job_started:  // what a lost attempt had begun will never end
      tools_.clear();
      kind_ = ActivityKind::starts;
      break;
    case EventType::job_requeued:
      tools_.clear();
      kind_ = ActivityKind::waits_for_retry;
      break;
    case EventType::agent_text_delta: kind_ = ActivityKind::writes; break;
    case EventType::agent_thinking_delta: kind_ = ActivityKind::thinks; break;
    case EventType::tool_start:
      tools_.push_back(
          {.id = std::string{event_member(event, "toolCallId")}, .activity = running_tool(event)});
      break;
    case EventType::tool_end:
      std::erase_if(tools_,
                    [&](const RunningTool& tool) { return tool.id == event_member(event, "toolCallId"); });
      kind_ = ActivityKind::reads_result;
      break;
    default: break;
  }
}

Activity JobActivity::now() const {
  return tools_.empty() ? Activity{.kind = kind_} : tools_.back().activity;
}

Activity activity_of(std::span<const Event> events) {
  JobActivity activity;
  for (const Event& event : events) activity.add(event);
  return activity.now();
}

std::string activity(std::span<const Event> events) {
  const Activity now = activity_of(events);
  switch (now.kind) {
    case ActivityKind::unknown: return "";
    case ActivityKind::starts: return "starts";
    case ActivityKind::thinks: return "thinks";
    case ActivityKind::writes: return "writes the answer";
    case ActivityKind::runs_tool: break;
    case ActivityKind::reads_result: return "looks at what a tool has found";
    case ActivityKind::waits_for_retry: return "waits for another try";
  }
  return now.summary.empty() ? fmt::format("runs the tool {}", now.tool)
                             : fmt::format("runs {}: {}", now.tool, now.summary);
}

}  // namespace butler::api
