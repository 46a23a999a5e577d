#include "worker/pi_protocol.hpp"

#include <array>
#include <utility>

namespace butler::worker::pi {

namespace {

// As in tool_gate.ts, and the version of what the two say to each other.
constexpr std::string_view gate_title = "butler.tool_call";
constexpr std::string_view gate_status = "butler.tool_gate";
constexpr std::string_view gate_version = "1";

std::string string_member(const json::Value& value, std::string_view member) {
  return std::string{json::find_string(value, member)};
}

/// The text blocks of a content array, one after the other.
std::string text_of(const json::Value* content) {
  std::string text;
  const auto* blocks = content == nullptr ? nullptr : content->if_array();
  if (blocks == nullptr) return text;
  for (const json::Value& block : *blocks) {
    if (json::find_string(block, "type") == "text") text += json::find_string(block, "text");
  }
  return text;
}

/// The output in a tool's result or partial result.
std::string output_of(const json::Value& record, std::string_view member) {
  const json::Value* result = json::find(record, member);
  return result == nullptr ? std::string{} : text_of(json::find(*result, "content"));
}

domain::Usage usage_of(const json::Value& message) {
  const json::Value* usage = json::find(message, "usage");
  if (usage == nullptr) return {};
  const json::Value* cost = json::find(*usage, "cost");
  return {.input_tokens = json::find_integer(*usage, "input"),
          .output_tokens = json::find_integer(*usage, "output"),
          .cache_read_tokens = json::find_integer(*usage, "cacheRead"),
          .cache_write_tokens = json::find_integer(*usage, "cacheWrite"),
          .cost_usd = cost == nullptr ? 0 : json::find_number(*cost, "total")};
}

Record read_response(const json::Value& record) {
  const json::Value* data = json::find(record, "data");
  return Response{.id = string_member(record, "id"),
                  .command = string_member(record, "command"),
                  .success = json::find_true(record, "success"),
                  .error = string_member(record, "error"),
                  .handled = data != nullptr && json::find_string(*data, "disposition") == "handled",
                  .messages = data == nullptr ? 0 : json::find_integer(*data, "messageCount")};
}

Record read_settled(const json::Value& record) {
  return AgentSettled{.aborted = json::find_true(record, "aborted")};
}

Record read_update(const json::Value& record) {
  const json::Value* event = json::find(record, "assistantMessageEvent");
  if (event == nullptr) return Other{};
  const auto type = json::find_string(*event, "type");
  if (type == "text_delta") return TextDelta{.text = string_member(*event, "delta")};
  if (type == "thinking_delta") return ThinkingDelta{.text = string_member(*event, "delta")};
  return Other{};
}

Record read_message(const json::Value& record) {
  const json::Value* message = json::find(record, "message");
  if (message == nullptr || json::find_string(*message, "role") != "assistant") return Other{};
  return AssistantMessage{.text = text_of(json::find(*message, "content")),
                          .stop_reason = string_member(*message, "stopReason"),
                          .error = string_member(*message, "errorMessage"),
                          .usage = usage_of(*message)};
}

Record read_tool_start(const json::Value& record) {
  const json::Value* arguments = json::find(record, "args");
  return ToolStart{.id = string_member(record, "toolCallId"),
                   .name = string_member(record, "toolName"),
                   .arguments = arguments == nullptr ? json::Value{} : *arguments};
}

Record read_tool_update(const json::Value& record) {
  return ToolUpdate{.id = string_member(record, "toolCallId"),
                    .name = string_member(record, "toolName"),
                    .output = output_of(record, "partialResult")};
}

Record read_tool_end(const json::Value& record) {
  return ToolEnd{.id = string_member(record, "toolCallId"),
                 .name = string_member(record, "toolName"),
                 .output = output_of(record, "result"),
                 .is_error = json::find_true(record, "isError")};
}

Record read_retry(const json::Value& record) {
  return RetryStart{.attempt = static_cast<int>(json::find_integer(record, "attempt")),
                    .most = static_cast<int>(json::find_integer(record, "maxAttempts")),
                    .error = string_member(record, "errorMessage")};
}

Record read_dialog(const json::Value& record) {
  const std::string method = string_member(record, "method");
  if (method == "setStatus" && json::find_string(record, "statusKey") == gate_status &&
      json::find_string(record, "statusText") == gate_version) {
    return GateAnnounced{};
  }
  return Dialog{.id = string_member(record, "id"),
                .method = method,
                .title = string_member(record, "title"),
                .message = string_member(record, method == "input" ? "placeholder" : "message")};
}

struct Reader {
  std::string_view type;
  Record (*read)(const json::Value& record);
};

constexpr std::array readers{
    Reader{"response", read_response},
    Reader{"agent_start", [](const json::Value&) -> Record { return AgentStart{}; }},
    Reader{"turn_start", [](const json::Value&) -> Record { return TurnStart{}; }},
    Reader{"agent_settled", read_settled},
    Reader{"message_update", read_update},
    Reader{"message_end", read_message},
    Reader{"tool_execution_start", read_tool_start},
    Reader{"tool_execution_update", read_tool_update},
    Reader{"tool_execution_end", read_tool_end},
    Reader{"auto_retry_start", read_retry},
    Reader{
        "compaction_start",
        [](const json::Value& record) -> Record { return CompactionStart{string_member(record, "reason")}; }},
    Reader{"extension_ui_request", read_dialog},
    Reader{
        "extension_error",
        [](const json::Value& record) -> Record { return ExtensionError{string_member(record, "error")}; }},
};

std::string line_of(json::Object command) {
  std::string line = json::serialize(json::Value(std::move(command)));
  line.push_back('\n');
  return line;
}

std::string answer_input(std::string_view dialog_id, json::Object answer) {
  const std::string value = json::serialize(json::Value(std::move(answer)));
  return line_of({{"type", "extension_ui_response"}, {"id", dialog_id}, {"value", value}});
}

}  // namespace

std::expected<Record, std::string> read_record(std::string_view line) {
  const auto record = json::parse_tolerant(line);
  if (!record) return std::unexpected(record.error());
  const auto type = json::find_string(*record, "type");
  if (type.empty()) return std::unexpected(std::string{"a record without a type"});
  for (const Reader& reader : readers) {
    if (reader.type == type) return reader.read(*record);
  }
  return Other{};
}

std::optional<CallQuestion> read_gate_question(const Dialog& dialog) {
  if (dialog.method != "input" || dialog.title != gate_title) return std::nullopt;
  const auto call = json::parse_tolerant(dialog.message);
  if (!call) return std::nullopt;
  CallQuestion question{
      .id = string_member(*call, "toolCallId"), .tool_name = string_member(*call, "toolName"), .input = {}};
  if (question.id.empty() || question.tool_name.empty()) return std::nullopt;
  if (const json::Value* input = json::find(*call, "input")) question.input = *input;
  return question;
}

std::string get_state(std::string_view id) { return line_of({{"id", id}, {"type", "get_state"}}); }

std::string prompt(std::string_view id, std::string_view message, std::span<const Picture> pictures) {
  json::Object command{{"id", id}, {"type", "prompt"}, {"message", message}};
  if (pictures.empty()) return line_of(std::move(command));
  json::Array images;
  for (const auto& [data, media_type] : pictures)
    images.push_back(json::Object{{"type", "image"}, {"data", data}, {"mimeType", media_type}});
  command.emplace("images", std::move(images));
  return line_of(std::move(command));
}

std::string steer(std::string_view id, std::string_view message) {
  return line_of({{"id", id}, {"type", "steer"}, {"message", message}});
}

std::string follow_up(std::string_view id, std::string_view message) {
  return line_of({{"id", id}, {"type", "follow_up"}, {"message", message}});
}

std::string abort(std::string_view id) { return line_of({{"id", id}, {"type", "abort"}}); }

std::string clear_queue(std::string_view id) { return line_of({{"id", id}, {"type", "clear_queue"}}); }

std::string allow_call(std::string_view dialog_id, std::string_view call_id) {
  return answer_input(dialog_id, {{"toolCallId", call_id}, {"allow", true}});
}

std::string block_call(std::string_view dialog_id, std::string_view call_id, std::string_view reason) {
  return answer_input(dialog_id, {{"toolCallId", call_id}, {"allow", false}, {"reason", reason}});
}

std::string cancel_dialog(std::string_view id) {
  return line_of({{"type", "extension_ui_response"}, {"id", id}, {"cancelled", true}});
}

}  // namespace butler::worker::pi
