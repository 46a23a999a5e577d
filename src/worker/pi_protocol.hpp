#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "domain/job.hpp"
#include "json/value.hpp"
#include "worker/call_question.hpp"

/// What `pi --mode rpc` says and is told, one JSON text per line. Pure. Speaks with pi 0.87 and 1.5; records
/// and members that are not known here are passed over.
namespace butler::worker::pi {

struct Response {
  std::string id;  ///< "" when pi could not read the command
  std::string command;
  bool success = false;
  std::string error;
  bool handled = false;       ///< pi did it all at once: no turn follows
  std::int64_t messages = 0;  ///< of get_state: how many the session has
};
struct AgentStart {};
struct TurnStart {};
/// The end of a prompt's run, after all its retries. Newer versions say whether it was aborted.
struct AgentSettled {
  bool aborted = false;
};
struct TextDelta {
  std::string text;
};
struct ThinkingDelta {
  std::string text;
};
/// A whole message of the model.
struct AssistantMessage {
  std::string text;
  std::string stop_reason;  ///< stop, length, toolUse, error, aborted…
  std::string error;
  domain::Usage usage;
};
struct ToolStart {
  std::string id;
  std::string name;
  json::Value arguments;
};
/// `output` is all of it so far, not what is new.
struct ToolUpdate {
  std::string id;
  std::string name;
  std::string output;
};
struct ToolEnd {
  std::string id;
  std::string name;
  std::string output;
  bool is_error = false;
};
struct RetryStart {
  int attempt = 0;
  int most = 0;
  std::string error;
};
struct CompactionStart {
  std::string reason;
};
/// An extension asks something and waits for the answer, or has something shown.
struct Dialog {
  std::string id;
  std::string method;
  std::string title;
  std::string message;  ///< of an input: its placeholder
};
/// The tool gate is loaded: no tool of this process runs without its question.
struct GateAnnounced {};
struct ExtensionError {
  std::string error;
};
struct Other {};

using Record = std::variant<Response, AgentStart, TurnStart, AgentSettled, TextDelta, ThinkingDelta,
                            AssistantMessage, ToolStart, ToolUpdate, ToolEnd, RetryStart, CompactionStart,
                            Dialog, GateAnnounced, ExtensionError, Other>;

/// Reads one line. The error is a sentence; a line that is JSON but no record is one too.
std::expected<Record, std::string> read_record(std::string_view line);

/// The call that the tool gate asks about; nullopt when the dialog is not the gate's.
std::optional<CallQuestion> read_gate_question(const Dialog& dialog);

/// A picture that a model is shown.
struct Picture {
  std::string data;        ///< base64
  std::string media_type;  ///< "image/png"

  bool operator==(const Picture&) const = default;
};

// Commands, each a whole line with its end.
std::string get_state(std::string_view id);
std::string prompt(std::string_view id, std::string_view message, std::span<const Picture> pictures = {});
std::string steer(std::string_view id, std::string_view message);
std::string follow_up(std::string_view id, std::string_view message);
std::string abort(std::string_view id);
std::string clear_queue(std::string_view id);
/// The gate's answer about a call: it may start, or why not.
std::string allow_call(std::string_view dialog_id, std::string_view call_id);
std::string block_call(std::string_view dialog_id, std::string_view call_id, std::string_view reason);
std::string cancel_dialog(std::string_view id);

}  // namespace butler::worker::pi
