#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

/// What a person's text in a chat asks for. Pure.
namespace butler::domain {

/// Plain text, or /task. The text may be empty after a bare /task.
struct TaskCommand {
  std::string text;
  bool operator==(const TaskCommand&) const = default;
};

/// /run: one shell command, exactly as typed; may be empty.
struct RunCommand {
  std::string command;
  bool operator==(const RunCommand&) const = default;
};

/// /approve: `id` is the short id of a job or of a tool's approval as typed, "" when there is none; `scope`
/// is what was typed behind it, in lower case: "once", "session", "always", "" or something that is no scope.
struct ApproveCommand {
  std::string id;
  std::string scope;
  bool operator==(const ApproveCommand&) const = default;
};
/// /deny: as above; a first word that cannot be an id begins the reason.
struct DenyCommand {
  std::string id;
  std::string reason;
  bool operator==(const DenyCommand&) const = default;
};

/// Commands about a job: `job` is the short id as typed, "" when there is none.
struct AbortCommand {
  std::string job;
  bool operator==(const AbortCommand&) const = default;
};
struct StatusCommand {
  std::string job;
  bool operator==(const StatusCommand&) const = default;
};

struct RetryCommand {
  std::string job;
  bool operator==(const RetryCommand&) const = default;
};

/// /jobs: `before` is the short id of the job before which the list ends, "" for the newest jobs.
struct JobsCommand {
  std::string before;
  bool operator==(const JobsCommand&) const = default;
};

/// /steer: what the running job is told; may be empty.
struct SteerCommand {
  std::string text;
  bool operator==(const SteerCommand&) const = default;
};

/// /new and /reset: a fresh session, and the first request in it when there is one.
struct NewCommand {
  std::string prompt;
  bool operator==(const NewCommand&) const = default;
};

/// /topic: a topic of that name; `prompt` is the first request in it, "" when there is none. It stands on the
/// lines behind the name, or behind a colon.
struct TopicCommand {
  std::string name;
  std::string prompt;
  bool operator==(const TopicCommand&) const = default;
};

struct ContextCommand {
  bool operator==(const ContextCommand&) const = default;
};

/// /settings, with what was typed behind it.
struct SettingsCommand {
  std::string arguments;
  bool operator==(const SettingsCommand&) const = default;
};

/// /panic: `action` is the first word in lower case, "" when there is none.
struct PanicCommand {
  std::string action;
  bool operator==(const PanicCommand&) const = default;
};

/// /pairings: `action` is the first word in lower case, "" when there is none.
struct PairingsCommand {
  std::string action;
  bool operator==(const PairingsCommand&) const = default;
};
struct ApprovePairCommand {
  std::string code;
  bool operator==(const ApprovePairCommand&) const = default;
};
/// /unpair: `person` is the numeric id as typed.
struct UnpairCommand {
  std::string person;
  bool operator==(const UnpairCommand&) const = default;
};

struct HelpCommand {
  bool operator==(const HelpCommand&) const = default;
};

/// /start, with what a deep link brought.
struct StartCommand {
  std::string payload;
  bool operator==(const StartCommand&) const = default;
};

struct WhoamiCommand {
  bool operator==(const WhoamiCommand&) const = default;
};

/// A command that we do not have, and the one that was probably meant.
struct UnknownCommand {
  std::string name;
  std::optional<std::string> nearest;
  bool operator==(const UnknownCommand&) const = default;
};

using ChatCommand =
    std::variant<TaskCommand, RunCommand, ApproveCommand, DenyCommand, AbortCommand, StatusCommand,
                 RetryCommand, JobsCommand, SteerCommand, NewCommand, TopicCommand, ContextCommand,
                 SettingsCommand, PanicCommand, PairingsCommand, ApprovePairCommand, UnpairCommand,
                 HelpCommand, StartCommand, WhoamiCommand, UnknownCommand>;

/// A text, understood.
struct ChatText {
  ChatCommand command;
  bool is_command = false;  ///< it began with /name
  bool names_bot = false;   ///< the command was written as /name@bot

  bool operator==(const ChatText&) const = default;
};

/// Understands a text. A command is /name or /name@bot, in any case, up to white space; a text like
/// "/etc/hosts is empty" is none. nullopt for a command to another bot than `bot_username`.
std::optional<ChatText> parse_chat_text(std::string_view text, std::string_view bot_username);

/// The names that parse_chat_text knows, aliases included, without the slash.
std::span<const std::string_view> chat_command_names();

}  // namespace butler::domain
