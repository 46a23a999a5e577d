#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/environment.hpp"

namespace butler::config {

struct EnvFile {
  Environment variables;
  Problems problems;
};

/// Reads the text of a `.env` file; `file` is how its entries' sources name it ("<file>:<line>").
///
/// A line is empty, a comment (#), or NAME=value, with or without `export` in front. An unquoted value ends
/// before " #"; 'single quotes' keep everything; "double quotes" know \n \t \" \\ and \$. Nothing is
/// expanded. A name that is set twice is a problem.
EnvFile parse_env_file(std::string_view text, std::string_view file);

/// Letters, digits and underscores, no digit first.
bool is_variable_name(std::string_view text);

}  // namespace butler::config
