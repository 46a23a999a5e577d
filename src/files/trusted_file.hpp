#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string>

namespace butler::files {

/// What a file that the worker goes by holds, and so who may do what with it.
enum class Holds {
  settings,  ///< others may read it, nobody else may write to it; a link may lead to it
  secrets,   ///< others may neither read nor write it, and a link in its place is an error
};

/// Reads a file that tells us what to do: a regular file of at most 1 MiB, ours or root's, with the
/// permissions that go with what it holds. Never waits. nullopt when there is none. The error says what is
/// wrong with the file and what to do about it, as the part of a sentence that follows a colon.
std::expected<std::optional<std::string>, std::string> read_trusted_file(const std::filesystem::path& file,
                                                                         Holds holds);

}  // namespace butler::files
