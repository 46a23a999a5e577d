#include "worker/file_type.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

#include "domain/utf8.hpp"

namespace butler::worker {

namespace {

using std::string_view_literals::operator""sv;

constexpr std::size_t longest_name = 100;
constexpr std::size_t longest_ending = 16;

/// Bytes that stand at this place tell the type.
struct Signature {
  std::size_t at;
  std::string_view bytes;
  std::string_view type;
};

constexpr std::array signatures{
    Signature{0, "\xFF\xD8\xFF"sv, "image/jpeg"},
    Signature{0, "\x89PNG\r\n\x1A\n"sv, "image/png"},
    Signature{0, "GIF87a"sv, "image/gif"},
    Signature{0, "GIF89a"sv, "image/gif"},
    Signature{8, "WEBP"sv, "image/webp"},
    Signature{8, "WAVE"sv, "audio/wav"},
    Signature{0, "%PDF-"sv, "application/pdf"},
    Signature{0, "OggS"sv, "audio/ogg"},
    Signature{0, "fLaC"sv, "audio/flac"},
    Signature{0, "ID3"sv, "audio/mpeg"},
    Signature{0, "\xFF\xFB"sv, "audio/mpeg"},
    Signature{0, "\xFF\xF3"sv, "audio/mpeg"},
    Signature{0, "\xFF\xF2"sv, "audio/mpeg"},
    Signature{4, "ftypM4A"sv, "audio/mp4"},
    Signature{4, "ftypqt"sv, "video/quicktime"},
    Signature{4, "ftyp"sv, "video/mp4"},
    Signature{0, "\x1A\x45\xDF\xA3"sv, "video/webm"},
    Signature{0, "\x1F\x8B"sv, "application/gzip"},
    Signature{0, "PK\x03\x04"sv, "application/zip"},
    Signature{0, "7z\xBC\xAF\x27\x1C"sv, "application/x-7z-compressed"},
};

/// What a name's ending tells apart among contents of one type.
struct Ending {
  std::string_view type;  ///< by its content
  std::string_view ending;
  std::string_view meant;
};

constexpr std::string_view office = "application/vnd.openxmlformats-officedocument.";

constexpr std::array endings{
    Ending{"text/plain", ".md", "text/markdown"},
    Ending{"text/plain", ".csv", "text/csv"},
    Ending{"text/plain", ".html", "text/html"},
    Ending{"text/plain", ".htm", "text/html"},
    Ending{"text/plain", ".json", "application/json"},
    Ending{"text/plain", ".xml", "application/xml"},
    Ending{"text/plain", ".svg", "image/svg+xml"},
    Ending{"text/plain", ".ics", "text/calendar"},
    Ending{"application/zip", ".docx", "wordprocessingml.document"},
    Ending{"application/zip", ".xlsx", "spreadsheetml.sheet"},
    Ending{"application/zip", ".pptx", "presentationml.presentation"},
    Ending{"application/zip", ".odt", "application/vnd.oasis.opendocument.text"},
    Ending{"application/zip", ".ods", "application/vnd.oasis.opendocument.spreadsheet"},
    Ending{"application/zip", ".epub", "application/epub+zip"},
};

bool is_ascii_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string in_lower_case(std::string_view text) {
  std::string lower{text};
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

std::string_view by_content(std::string_view begin) {
  for (const auto& [at, bytes, type] : signatures) {
    if (begin.size() >= at + bytes.size() && begin.substr(at, bytes.size()) == bytes) return type;
  }
  // A character may be cut in two where the look ends.
  const auto whole = begin.substr(0, begin.size() - domain::incomplete_utf8_tail(begin));
  const bool is_text = begin.find('\0') == std::string_view::npos && domain::to_valid_utf8(whole) == whole;
  return is_text && !begin.empty() ? "text/plain" : "application/octet-stream";
}

/// ".pdf" of "a.pdf"; "" when there is none worth keeping.
std::string_view ending_of(std::string_view name) {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || name.size() - dot > longest_ending) return {};
  return name.substr(dot);
}

}  // namespace

std::string media_type_of(std::string_view begin, std::string_view file_name) {
  const auto type = by_content(begin.substr(0, telling_bytes));
  const auto lower = in_lower_case(file_name);
  for (const auto& [content, ending, meant] : endings) {
    if (content != type || !lower.ends_with(ending)) continue;
    return meant.find('/') == std::string_view::npos ? std::string{office}.append(meant) : std::string{meant};
  }
  return std::string{type};
}

bool is_picture_for_models(std::string_view media_type) {
  return media_type == "image/jpeg" || media_type == "image/png" || media_type == "image/gif" ||
         media_type == "image/webp";
}

std::string safe_file_name(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  std::string name;
  for (const char c : path) {
    const bool kept = is_ascii_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
    // One "_" for a row of what cannot stay: every letter of another alphabet is several bytes.
    if (kept || !name.ends_with('_')) name += kept ? c : '_';
  }
  name.erase(0, std::min(name.find_first_not_of(".-"), name.size()));
  if (name.size() > longest_name) {
    const std::string ending{ending_of(name)};
    name.resize(longest_name - ending.size());
    name += ending;
  }
  return name.empty() ? "file" : name;
}

std::string unique_file_name(const std::string& name, const std::set<std::string, std::less<>>& taken) {
  if (!taken.contains(name)) return name;
  const std::string ending{ending_of(name)};
  const std::string stem = name.substr(0, name.size() - ending.size());
  for (std::size_t number = 2;; ++number) {
    auto candidate = stem + "-" + std::to_string(number) + ending;
    if (!taken.contains(candidate)) return candidate;
  }
}

std::string size_in_words(std::uint64_t bytes) {
  constexpr double kilo = 1'000;
  if (bytes < 1'000) return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
  std::array<char, 32> text{};
  const auto count = static_cast<double>(bytes);
  if (bytes < 1'000'000) {
    std::snprintf(text.data(), text.size(), "%.0f KB", count / kilo);
  } else {
    std::snprintf(text.data(), text.size(), "%.1f MB", count / kilo / kilo);
  }
  return text.data();
}

}  // namespace butler::worker
