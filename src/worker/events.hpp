#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/types.hpp"

/// The events that a worker reports, in the shape that docs/http-api.md fixes. Pure.
namespace butler::worker {

/// A tool call as the events name it.
struct ToolCall {
  std::string id;
  std::string name;
  json::Value arguments;
};

api::ReportedEvent text_event(std::string_view delta);
api::ReportedEvent thinking_event(std::string_view delta);
api::ReportedEvent log_event(std::string_view message);

/// What was refused without anybody being asked.
enum class Refused : std::uint8_t { tool, host };
/// The line of the log about it: `data.kind` is `policy_denied` or `egress_denied`, which is how the gateway
/// knows what it may tell in the chat.
api::ReportedEvent refusal_event(Refused what, std::string_view message);

/// `data {toolCallId, toolName, summary, args}`: the arguments with long strings shortened.
api::ReportedEvent tool_start_event(const ToolCall& call);
/// `data {toolCallId, toolName, delta}`: output that is new since the last one, its end when it is long.
api::ReportedEvent tool_update_event(std::string_view id, std::string_view name, std::string_view output);
/// `data {toolCallId, toolName, isError, output}`: the end of the output.
api::ReportedEvent tool_end_event(std::string_view id, std::string_view name, std::string_view output,
                                  bool is_error);
/// The job's sums so far.
api::ReportedEvent usage_event(const domain::Usage& usage);

/// The text of a text or thinking delta; nullptr for any other event.
const json::Value* delta_of(const api::ReportedEvent& event);

/// One line that says what a tool call does: the command, the path, else the arguments as JSON.
std::string summarize(const ToolCall& call);

/// The text itself when it fits, else an ellipsis and its last `limit - 1` code points. `limit` ≥ 1.
std::string keep_end(std::string_view text, std::size_t limit);

}  // namespace butler::worker
