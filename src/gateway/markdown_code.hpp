#pragma once

#include <string>
#include <string_view>

namespace butler::gateway {

/// The text as a fenced Markdown block that nothing inside it can end: its fence is longer than any row of
/// backticks in the text. Pure.
std::string code_block(std::string_view text);

/// One line of text as Markdown code inside a sentence, likewise. Pure.
std::string code_span(std::string_view line);

}  // namespace butler::gateway
