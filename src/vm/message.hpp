#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a stream is opened for, and what is noted beside its data: the vocabulary of host and guest. Pure.
/// On the wire a message is a row of "name=value" texts, each ended by a zero byte.
namespace butler::vm {

/// One "name=value" of a message.
struct MessageField {
  std::string name;
  std::string value;

  bool operator==(const MessageField&) const = default;
};

using Message = std::vector<MessageField>;

/// The wire's form. Names and values must hold no zero byte, names no "=".
std::string encode_message(const Message& message);
/// nullopt when it is none. At most 16,384 fields.
std::optional<Message> decode_message(std::string_view bytes);

/// The first value of that name, "" when there is none.
std::string_view find_field(const Message& message, std::string_view name);
/// The first value of that name as a whole number within the bounds; nullopt for anything else.
std::optional<std::int64_t> find_number(const Message& message, std::string_view name, std::int64_t least,
                                        std::int64_t most);

/// Host → guest, before the first command: fresh randomness, the time, and where the workspace belongs. The
/// guest answers with one note (Answer), then ends the stream.
struct PrepareRequest {
  std::string seed;  ///< 64 bytes, as hexadecimal digits
  std::int64_t unix_milliseconds = 0;
  std::string workspace;  ///< an absolute path

  bool operator==(const PrepareRequest&) const = default;
};

/// A window of characters.
struct TerminalSize {
  std::uint16_t rows = 24;
  std::uint16_t columns = 80;

  bool operator==(const TerminalSize&) const = default;
};

/// Host → guest: run a command. The stream's data are its standard input and output. The guest notes a
/// CommandEnd, then ends its direction. A reset kills the command.
struct RunRequest {
  std::string id;                      ///< names the command to an ErrorsRequest; chosen by the host, unique
  std::vector<std::string> arguments;  ///< arguments[0] is looked up on the PATH of `environment`
  std::vector<std::string> environment = {};            ///< all of it, NAME=VALUE
  std::string working_directory = "/";                  ///< an absolute path
  bool as_root = false;                                 ///< the guest's root, instead of its user `agent`
  std::optional<TerminalSize> terminal = std::nullopt;  ///< run in a terminal of that size

  bool operator==(const RunRequest&) const = default;
};

/// Host → guest, before the RunRequest of the same id: the stream's data are that command's error output.
struct ErrorsRequest {
  std::string id;

  bool operator==(const ErrorsRequest&) const = default;
};

/// A note, host → guest, on a command's stream: a signal for its process group.
struct SignalNote {
  int number = 0;

  bool operator==(const SignalNote&) const = default;
};

/// A note, guest → host: how a command ended. Exactly one member is set.
struct CommandEnd {
  std::optional<int> code = std::nullopt;           ///< exit status
  std::optional<int> signal = std::nullopt;         ///< the signal that killed it
  std::optional<std::string> error = std::nullopt;  ///< why it could not be started, a sentence

  bool operator==(const CommandEnd&) const = default;
};

/// A note, guest → host: nothing, or why what was asked for was not done.
struct Answer {
  std::optional<std::string> error = std::nullopt;

  bool operator==(const Answer&) const = default;
};

/// The first field of a request names its kind.
inline constexpr std::string_view kind_field = "kind";
inline constexpr std::string_view prepare_kind = "prepare";
inline constexpr std::string_view run_kind = "run";
inline constexpr std::string_view errors_kind = "errors";
inline constexpr std::string_view power_off_kind = "power-off";  ///< host → guest; no further fields
inline constexpr std::string_view ready_kind = "ready";  ///< guest → host, first of all: it has booted
inline constexpr std::string_view connect_kind =
    "connect";  ///< guest → host: somebody connected to port 3128

std::string encode(const PrepareRequest& request);
std::string encode(const RunRequest& request);
std::string encode(const ErrorsRequest& request);
std::string encode(const SignalNote& note);
std::string encode(const CommandEnd& end);
std::string encode(const Answer& answer);
/// A request that has a kind and nothing else.
std::string encode_kind(std::string_view kind);

/// Readers of decoded messages. nullopt when something needed is missing or out of range.
std::optional<PrepareRequest> read_prepare(const Message& message);
std::optional<RunRequest> read_run(const Message& message);
std::optional<ErrorsRequest> read_errors(const Message& message);
std::optional<SignalNote> read_signal(const Message& message);
std::optional<CommandEnd> read_command_end(const Message& message);
Answer read_answer(const Message& message);

}  // namespace butler::vm
