#pragma once

#include <expected>
#include <optional>
#include <string>

/// Secrets that commands take: from a file or standard input, never from the command line, where every user
/// of the machine could read them.
namespace butler::cli {

/// The first line of a file, without blanks at its ends. The error is a sentence.
std::expected<std::string, std::string> read_secret_file(const std::string& file);

/// The next line of standard input, likewise.
std::expected<std::string, std::string> read_secret_from_input();

}  // namespace butler::cli
