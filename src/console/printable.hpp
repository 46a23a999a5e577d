#pragma once

#include <string>
#include <string_view>

#include "json/value.hpp"

/// What agents, models and people have written, so that it cannot steer a terminal: an escape sequence could
/// hide a line, change the clipboard or answer a question. Always done, because the output of a command ends
/// up in terminals by way of pipes too; the exact text is in the JSON. For a single line there is
/// terminal::printable_line(). Pure.
namespace butler::console {

/// The text with every control character but line feeds and tabs, and every mark that changes the direction
/// of writing, shown as its code: "a⟨U+001B⟩[2J". CR LF becomes LF. Invalid UTF-8 becomes U+FFFD.
std::string printable(std::string_view text);

/// Compact JSON in which those characters are escapes (\u009b): the same value, harmless in a terminal.
std::string printable_json(const json::Value& value);

}  // namespace butler::console
