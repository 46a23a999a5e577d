#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

/// Structured logs: an event name and fields, written as logfmt lines to standard error.
/// docs/operations.md lists the events. One process, any thread.
namespace butler::log {

enum class Level : std::uint8_t { debug, info, warn, error };

/// A field of a line: {"job", id}, {"attempt", 2}.
struct Field {
  Field(std::string_view field_name, std::string_view field_value) : name(field_name), value(field_value) {}
  Field(std::string_view field_name, const std::string& field_value) : name(field_name), value(field_value) {}
  Field(std::string_view field_name, const char* field_value) : name(field_name), value(field_value) {}
  Field(std::string_view field_name, bool field_value)
      : name(field_name), value(field_value ? "true" : "false") {}
  template <class Number>
    requires std::is_arithmetic_v<Number>
  Field(std::string_view field_name, Number field_value)
      : name(field_name), value(std::to_string(field_value)) {}

  std::string_view name;
  std::string value;
};

using Fields = std::initializer_list<Field>;

/// Names the role that every line carries, and the least level that is written. Call once, at start.
void start(std::string_view role, Level least = Level::info);

/// A value that must never be written: each of its occurrences in any later line shows as "[redacted]".
/// Values shorter than 8 characters are ignored (they would hide ordinary text).
void redact(std::string_view secret);

/// While it lives, every line of its thread carries this field too: which request the lines belong to. For
/// synchronous stretches: it must not live across a co_await.
class Scope {
 public:
  Scope(std::string_view name, std::string_view value);
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope();
};

void debug(std::string_view event, Fields fields = {});
void info(std::string_view event, Fields fields = {});
void warn(std::string_view event, Fields fields = {});
void error(std::string_view event, Fields fields = {});

/// The line that a call would write, without time: for tests.
std::string format_line(Level level, std::string_view event, Fields fields);

}  // namespace butler::log
