#include "config/env_file.hpp"

#include <algorithm>
#include <expected>
#include <optional>

#include "config/trim.hpp"

namespace butler::config {

namespace {

char unescape(char c) {
  switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    default: return c;
  }
}

using Value = std::expected<std::string, std::string>;

Value parse_quoted(std::string_view text) {
  const char quote = text.front();
  std::string value;
  std::size_t at = 1;
  for (; at < text.size() && text[at] != quote; ++at) {
    const bool escape = quote == '"' && text[at] == '\\' && at + 1 < text.size();
    if (!escape) {
      value.push_back(text[at]);
    } else if (constexpr std::string_view known = "ntr\"\\$`"; known.contains(text[at + 1])) {
      value.push_back(unescape(text[++at]));
    } else {
      value.push_back('\\');
    }
  }
  if (at == text.size())
    return std::unexpected(std::string{"the quote "} + quote + " is not closed on this line");
  const auto rest = text.substr(at + 1);
  if (const auto after = trim(rest); !after.empty() && (after.front() != '#' || !is_blank(rest.front()))) {
    return std::unexpected(std::string{"there is text after the closing "} + quote);
  }
  return value;
}

std::string parse_unquoted(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '#' && (at == 0 || is_blank(text[at - 1]))) text = text.substr(0, at);
  }
  return std::string{trim(text)};
}

struct Line {
  std::string name;
  std::string value;
};

/// nullopt for an empty line and a comment; the error is a sentence that repeats no value.
std::expected<std::optional<Line>, std::string> parse_line(std::string_view text) {
  text = trim(text);
  if (text.empty() || text.front() == '#') return std::nullopt;
  constexpr std::string_view keyword = "export";
  if (text.starts_with(keyword) && text.size() > keyword.size() && is_blank(text[keyword.size()])) {
    text = trim(text.substr(keyword.size()));
  }
  const auto equals = text.find('=');
  const auto name = trim(text.substr(0, equals));
  if (equals == std::string_view::npos || !is_variable_name(name))
    return std::unexpected("expected NAME=value or a # comment");
  const auto raw = trim(text.substr(equals + 1));
  if (raw.find('\0') != std::string_view::npos) return std::unexpected("there is a NUL byte in the value");
  const bool quoted = raw.starts_with('"') || raw.starts_with('\'');
  const Value value = quoted ? parse_quoted(raw) : Value{parse_unquoted(raw)};
  if (!value) return std::unexpected(value.error());
  return Line{.name = std::string{name}, .value = *value};
}

}  // namespace

bool is_variable_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  return !text.empty() && letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

EnvFile parse_env_file(std::string_view text, std::string_view file) {
  EnvFile result;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    auto raw = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (raw.ends_with('\r')) raw.remove_suffix(1);

    const std::string source = std::string{file} + ":" + std::to_string(number);
    auto line = parse_line(raw);
    if (!line) {
      result.problems.push_back({.name = "", .source = source, .message = line.error()});
    } else if (*line) {
      const auto [place, added] = result.variables.try_emplace((*line)->name, Entry{(*line)->value, source});
      if (!added) {
        result.problems.push_back({.name = place->first,
                                   .source = source,
                                   .message = "is set already, at " + place->second.source});
      }
    }
  }
  return result;
}

}  // namespace butler::config
