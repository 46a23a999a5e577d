#include "vm/message.hpp"

#include <charconv>
#include <limits>

namespace butler::vm {

namespace {

constexpr std::size_t field_limit = 16'384;
constexpr std::int64_t highest_signal = 64;
constexpr std::int64_t highest_status = 255;
constexpr std::int64_t most_cells = 10'000;

bool is_absolute(std::string_view path) { return path.starts_with('/'); }

void add(Message& message, std::string_view name, std::string_view value) {
  message.push_back({.name = std::string{name}, .value = std::string{value}});
}

void add(Message& message, std::string_view name, std::int64_t value) {
  add(message, name, std::to_string(value));
}

std::vector<std::string> all_fields(const Message& message, std::string_view name) {
  std::vector<std::string> values;
  for (const auto& field : message) {
    if (field.name == name) values.push_back(field.value);
  }
  return values;
}

bool has_field(const Message& message, std::string_view name) {
  for (const auto& field : message) {
    if (field.name == name) return true;
  }
  return false;
}

}  // namespace

std::string encode_message(const Message& message) {
  std::string out;
  for (const auto& field : message) {
    out += field.name;
    out += '=';
    out += field.value;
    out += '\0';
  }
  return out;
}

std::optional<Message> decode_message(std::string_view bytes) {
  Message message;
  while (!bytes.empty()) {
    const auto end = bytes.find('\0');
    const auto equals = bytes.find('=');
    if (end == std::string_view::npos || equals > end || message.size() == field_limit) return std::nullopt;
    message.push_back({.name = std::string{bytes.substr(0, equals)},
                       .value = std::string{bytes.substr(equals + 1, end - equals - 1)}});
    bytes.remove_prefix(end + 1);
  }
  return message;
}

std::string_view find_field(const Message& message, std::string_view name) {
  for (const auto& field : message) {
    if (field.name == name) return field.value;
  }
  return {};
}

std::optional<std::int64_t> find_number(const Message& message, std::string_view name, std::int64_t least,
                                        std::int64_t most) {
  const auto text = find_field(message, name);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < least || number > most) {
    return std::nullopt;
  }
  return number;
}

std::string encode_kind(std::string_view kind) {
  Message message;
  add(message, kind_field, kind);
  return encode_message(message);
}

std::string encode(const PrepareRequest& request) {
  Message message;
  add(message, kind_field, prepare_kind);
  add(message, "seed", request.seed);
  add(message, "time", request.unix_milliseconds);
  add(message, "workspace", request.workspace);
  return encode_message(message);
}

std::string encode(const RunRequest& request) {
  Message message;
  add(message, kind_field, run_kind);
  add(message, "id", request.id);
  for (const auto& argument : request.arguments) add(message, "argument", argument);
  for (const auto& variable : request.environment) add(message, "environment", variable);
  add(message, "directory", request.working_directory);
  if (request.as_root) add(message, "user", "root");
  if (request.terminal) {
    add(message, "rows", request.terminal->rows);
    add(message, "columns", request.terminal->columns);
  }
  return encode_message(message);
}

std::string encode(const ErrorsRequest& request) {
  Message message;
  add(message, kind_field, errors_kind);
  add(message, "id", request.id);
  return encode_message(message);
}

std::string encode(const SignalNote& note) {
  Message message;
  add(message, "signal", note.number);
  return encode_message(message);
}

std::string encode(const CommandEnd& end) {
  Message message;
  if (end.code) add(message, "code", *end.code);
  if (end.signal) add(message, "signal", *end.signal);
  if (end.error) add(message, "error", *end.error);
  return encode_message(message);
}

std::string encode(const Answer& answer) {
  Message message;
  if (answer.error) add(message, "error", *answer.error);
  return encode_message(message);
}

std::optional<PrepareRequest> read_prepare(const Message& message) {
  const auto time = find_number(message, "time", 0, std::numeric_limits<std::int64_t>::max());
  PrepareRequest request{.seed = std::string{find_field(message, "seed")},
                         .unix_milliseconds = time.value_or(0),
                         .workspace = std::string{find_field(message, "workspace")}};
  if (!time || request.seed.size() != 128 || !is_absolute(request.workspace)) return std::nullopt;
  return request;
}

std::optional<RunRequest> read_run(const Message& message) {
  RunRequest request{.id = std::string{find_field(message, "id")},
                     .arguments = all_fields(message, "argument"),
                     .environment = all_fields(message, "environment"),
                     .working_directory = std::string{find_field(message, "directory")},
                     .as_root = find_field(message, "user") == "root"};
  if (has_field(message, "rows")) {
    const auto rows = find_number(message, "rows", 1, most_cells);
    const auto columns = find_number(message, "columns", 1, most_cells);
    if (!rows || !columns) return std::nullopt;
    request.terminal = TerminalSize{.rows = static_cast<std::uint16_t>(*rows),
                                    .columns = static_cast<std::uint16_t>(*columns)};
  }
  if (request.id.empty() || request.arguments.empty() || !is_absolute(request.working_directory)) {
    return std::nullopt;
  }
  return request;
}

std::optional<ErrorsRequest> read_errors(const Message& message) {
  const auto id = find_field(message, "id");
  if (id.empty()) return std::nullopt;
  return ErrorsRequest{.id = std::string{id}};
}

std::optional<SignalNote> read_signal(const Message& message) {
  const auto number = find_number(message, "signal", 1, highest_signal);
  if (!number) return std::nullopt;
  return SignalNote{.number = static_cast<int>(*number)};
}

std::optional<CommandEnd> read_command_end(const Message& message) {
  CommandEnd end;
  if (const auto code = find_number(message, "code", 0, highest_status)) end.code = static_cast<int>(*code);
  if (const auto signal = find_number(message, "signal", 1, highest_signal)) {
    end.signal = static_cast<int>(*signal);
  }
  if (has_field(message, "error")) end.error = std::string{find_field(message, "error")};
  if (int{end.code.has_value()} + int{end.signal.has_value()} + int{end.error.has_value()} != 1) {
    return std::nullopt;
  }
  return end;
}

Answer read_answer(const Message& message) {
  if (!has_field(message, "error")) return {};
  return {.error = std::string{find_field(message, "error")}};
}

}  // namespace butler::vm
