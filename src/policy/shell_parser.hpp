#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "policy/shell_syntax.hpp"

namespace butler::policy::shell {

/// What is longer or deeper than this is not looked into.
inline constexpr std::size_t longest_command = 64UL * 1024;
inline constexpr int deepest_nesting = 64;

struct Parsed {
  Script script = {};   ///< what was read up to the problem
  std::string problem;  ///< a sentence; empty when all of it was understood
};

/// Reads a bash command line of any number of lines. Takes time linear in its length, and never fails
/// otherwise than by a problem. `depth` is how deep the text itself is nested in others (`bash -c`, `eval`).
Parsed parse(std::string_view text, int depth = 0);

/// Reads text as between double quotes: parameters and substitutions, nothing else. For here-documents and
/// the like.
Word parse_quoted(std::string_view text, int depth, std::string& problem);

}  // namespace butler::policy::shell
