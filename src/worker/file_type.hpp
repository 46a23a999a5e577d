#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

/// What a file is, by its content, and how it may be called. Pure.
namespace butler::worker {

/// So much of a file's begin tells what it is.
inline constexpr std::size_t telling_bytes = 4'096;

/// The media type of a file that begins so (at most telling_bytes are looked at). Its name only tells kinds
/// of text and of archives apart; what the content does not bear out is "application/octet-stream".
std::string media_type_of(std::string_view begin, std::string_view file_name);

/// Whether models take pictures of this media type: JPEG, PNG, GIF, WebP.
bool is_picture_for_models(std::string_view media_type);

/// The last part of a path as an artifact may be called: [A-Za-z0-9._-], at most 100 characters, neither
/// empty nor beginning with a dot or dash. Everything else becomes "_"; the ending is kept.
std::string safe_file_name(std::string_view path);

/// The name, or the first of "name-2.pdf", "name-3.pdf", … that is not taken.
std::string unique_file_name(const std::string& name, const std::set<std::string, std::less<>>& taken);

/// "3 bytes", "12 KB", "3.4 MB": as people say it.
std::string size_in_words(std::uint64_t bytes);

}  // namespace butler::worker
