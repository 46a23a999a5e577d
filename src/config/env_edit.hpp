#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Changes single variables of a `.env` file and nothing else in it.
namespace butler::config {

struct EnvChange {
  std::string name = {};
  std::optional<std::string> value = {};  ///< unset: the variable's lines go
};

/// The value as it stands behind NAME= so that parse_env_file() reads the same: plain where that is safe (in
/// a shell too), else quoted. The value holds no NUL.
std::string quote_env_value(std::string_view value);

/// The text with the changes made, one after the other: comments, order, line ends and what is not ours stay
/// as they are. A variable that is there is set in its place, `export` and the comment behind it kept; one
/// that is there twice is there once afterwards. A new one comes below a commented-out line of its name, or
/// else at the end. The error is a sentence for a name that is none, or for a NUL in a value; it never shows
/// a value. Pure.
std::expected<std::string, std::string> edit_env(std::string_view text,
                                                 const std::vector<EnvChange>& changes);

/// Makes the changes in the file, which is made when it is not there: whole or not at all, 0600 afterwards,
/// on the disk before this returns. When root makes them the file stays its owner's; a new one in a checkout
/// is the checkout's owner's. The error is a sentence that names the file: it is a link, or no file of
/// text of at most 1 MiB; or edit_env()'s. Throws std::system_error when it cannot be read or written.
std::expected<void, std::string> edit_env_file(const std::filesystem::path& file,
                                               const std::vector<EnvChange>& changes);

}  // namespace butler::config
