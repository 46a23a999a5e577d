#include <chrono>

#include "api/describe.hpp"
#include "api/event_member.hpp"
#include "console/job_text.hpp"
#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/job_id.hpp"
#include "json/codec.hpp"
#include "terminal/display_width.hpp"

// What happens in a job, in words.
namespace butler::console {

namespace {

using api::event_member;
using domain::EventType;

constexpr std::size_t longest_event = 300;
constexpr std::size_t most_output_lines = 20;

std::string and_message(std::string words, const api::Event& event) {
  if (event.message && !event.message->empty()) words += ": " + *event.message;
  return words;
}

std::string tool_start_words(const api::Event& event) {
  const std::string name{event_member(event, "toolName")};
  const std::string summary{event_member(event, "summary")};
  return summary.empty() ? name : name + ": " + summary;
}

std::string asked_words(const api::Event& event) {
  const auto approval = event.data ? json::decode<api::Approval>(*event.data)
                                   : std::expected<api::Approval, std::vector<json::Problem>>{};
  if (!approval) return "waits for a decision";
  return "waits for a decision: " + approval->tool_name + ": " +
         short_line(approval->summary, longest_event / 3) + " (" + how_to_decide(*approval, AskedIn::shell) +
         ")";
}

std::string decided_words(const api::Event& event) {
  std::string words{event_member(event, "status")};
  words += " (" + domain::short_job_id(event_member(event, "id")) + ")";
  const auto decider = event_member(event, "deciderId");
  const auto reason = event_member(event, "reason");
  if (!decider.empty()) words.append(" by ").append(decider);
  if (!reason.empty()) words.append(": ").append(reason);
  return words;
}

std::optional<std::string> raw_words(const api::Event& event) {
  switch (event.type) {
    case EventType::job_created: return "asked for";
    case EventType::job_approved: return "approved";
    case EventType::job_started: return "started";
    case EventType::tool_start: return tool_start_words(event);
    case EventType::tool_end: {
      if (!event.data || !json::find_true(*event.data, "isError")) return std::nullopt;
      return std::string{event_member(event, "toolName")} + " failed";
    }
    case EventType::log: return event.message.value_or("");
    case EventType::approval_requested: return asked_words(event);
    case EventType::approval_decided: return decided_words(event);
    case EventType::artifact_added: return "made the file " + std::string{event_member(event, "name")};
    case EventType::job_requeued: return and_message("back in the queue", event);
    case EventType::job_finished: return "done";
    case EventType::job_failed: return and_message("failed", event);
    case EventType::job_aborted: return and_message("stopped", event);
    case EventType::agent_text_delta:
    case EventType::agent_thinking_delta:
    case EventType::tool_update:
    case EventType::usage: return std::nullopt;
  }
  return std::nullopt;
}

/// The time of the day in UTC, as the logs have it.
std::string clock_of(domain::Timestamp time) { return domain::to_iso8601(time).substr(11, 8) + "Z  "; }

void add_output(std::vector<std::string>& lines, std::string_view output) {
  const std::string indent = "             ";
  for (std::size_t count = 0; !output.empty() && count < most_output_lines; ++count) {
    const auto end = output.find('\n');
    lines.push_back(indent + short_line(output.substr(0, end), longest_event));
    output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
  }
  if (!output.empty()) lines.push_back(indent + "…");
}

}  // namespace

std::optional<std::string> event_words(const api::Event& event) {
  auto words = raw_words(event);
  if (!words) return std::nullopt;
  return short_line(*words, longest_event);
}

std::vector<std::string> EventLines::take(const api::Event& event) {
  std::vector<std::string> lines;
  if (event.type == EventType::agent_text_delta) {
    if (open_text_.empty()) open_since_ = event.ts;
    open_text_ += event_member(event, "delta");
    for (auto end = open_text_.find('\n'); end != std::string::npos; end = open_text_.find('\n')) {
      lines.push_back(clock_of(open_since_) + "| " + terminal::printable_line(open_text_.substr(0, end)));
      open_text_.erase(0, end + 1);
      open_since_ = event.ts;
    }
    return lines;
  }
  const auto words = event_words(event);
  const auto output = event.type == EventType::tool_end ? event_member(event, "output") : std::string_view{};
  if (!words && output.empty()) return lines;
  end_text(lines);
  if (words) lines.push_back(clock_of(event.ts) + *words);
  add_output(lines, output);
  return lines;
}

std::vector<std::string> EventLines::finish() {
  std::vector<std::string> lines;
  end_text(lines);
  return lines;
}

void EventLines::end_text(std::vector<std::string>& lines) {
  if (open_text_.empty()) return;
  lines.push_back(clock_of(open_since_) + "| " + terminal::printable_line(open_text_));
  open_text_.clear();
}

}  // namespace butler::console
