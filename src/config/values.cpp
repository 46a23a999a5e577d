#include "config/values.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include "config/trim.hpp"
#include "domain/usd.hpp"

namespace butler::config {

namespace {

constexpr std::size_t shortest_secret = 16;
constexpr std::size_t fewest_different_characters = 5;
constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_shown = 60;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_name && std::ranges::all_of(text, [](char c) {
    return is_alphanumeric(c) || c == '.' || c == '_' || c == '-';
  });
}

bool is_bot_token(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const auto secret = text.substr(colon + 1);
  return std::ranges::all_of(text.substr(0, colon), is_digit) && secret.size() >= 20 &&
         std::ranges::all_of(secret, [](char c) { return is_alphanumeric(c) || c == '_' || c == '-'; });
}

/// What people and examples write where a secret belongs.
bool is_placeholder(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (is_alphanumeric(c)) plain.push_back(to_lower(c));
  }
  static constexpr std::array openings{"changeme",    "undefined", "null",        "none",   "your",
                                       "placeholder", "example",   "replace",     "insert", "sample",
                                       "default",     "dummy",     "secrettoken", "todo"};
  const bool opens = std::ranges::any_of(openings, [&](const char* word) { return plain.starts_with(word); });
  return opens || plain.find("changeme") != std::string::npos || text.starts_with('<') ||
         text.starts_with('$');
}

/// Why a text is no address that we may speak to with a secret; nullopt when it is one.
std::optional<std::string> find_url_fault(std::string_view text) {
  const bool secure = text.starts_with("https://");
  if (!secure && !text.starts_with("http://")) return "it must begin with https:// or http://";
  const auto rest = text.substr(secure ? 8 : 7);
  const auto authority = rest.substr(0, rest.find('/'));
  if (text.find_first_of("?#@ \t\\") != std::string_view::npos)
    return "a user, a query or a fragment has no place in it";
  const auto bracket = authority.find(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const auto host = authority.substr(0, colon);
  if (host.empty()) return "it names no host";
  const auto port = colon == std::string_view::npos ? std::string_view{"1"} : authority.substr(colon + 1);
  const auto number = parse_whole(port);
  if (!number || *number < 1 || *number > 65'535) return "its port is not from 1 to 65535";
  if (!secure && !is_loopback(host)) {
    return "http:// would send the token in clear: use https:// to another machine";
  }
  return std::nullopt;
}

std::string got(std::string_view text) {
  if (text.find('@') != std::string_view::npos) return "";  // user:password@host
  const bool long_text = text.size() > longest_shown;
  return ", got '" + std::string{text.substr(0, longest_shown)} + (long_text ? "…'" : "'");
}

bool is_choice(std::string_view choices, std::string_view text) {
  while (!choices.empty()) {
    const auto bar = std::min(choices.find('|'), choices.size());
    if (choices.substr(0, bar) == text) return true;
    choices.remove_prefix(std::min(bar + 1, choices.size()));
  }
  return false;
}

bool fits(const Variable& variable, std::string_view text) {
  switch (variable.kind) {
    case Kind::whole: {
      const auto number = parse_whole(text);
      return number && *number >= variable.least && *number <= variable.most;
    }
    case Kind::flag: return parse_flag(text).has_value();
    case Kind::choice: return is_choice(variable.choices, text);
    case Kind::name: return is_name(text);
    case Kind::address: return text == "localhost" || is_numeric_address(text);
    case Kind::hosts:
      return std::ranges::all_of(split_list(text),
                                 [](const auto& host) { return is_name(host) || is_numeric_address(host); });
    case Kind::ids: {
      const auto ids = parse_ids(text);
      return ids && !ids->empty();
    }
    case Kind::labels: return std::ranges::all_of(split_list(text), is_name);
    case Kind::amount: {
      const auto amount = domain::parse_usd(text);
      return amount && amount->billionths > 0;
    }
    case Kind::text:
    case Kind::path:
    case Kind::secret:
    case Kind::bot_token:
    case Kind::url:
    case Kind::urls:
    case Kind::database_url:
    case Kind::command: return true;
  }
  return true;
}

}  // namespace

std::optional<std::int64_t> parse_whole(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<bool> parse_flag(std::string_view text) {
  std::string lower;
  for (const char c : text) lower.push_back(to_lower(c));
  if (lower == "true" || lower == "yes" || lower == "on" || lower == "1") return true;
  if (lower == "false" || lower == "no" || lower == "off" || lower == "0") return false;
  return std::nullopt;
}

bool is_numeric_address(std::string_view text) {
  const std::string copy{text};
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  return ::inet_pton(AF_INET, copy.c_str(), parsed.data()) == 1 ||
         ::inet_pton(AF_INET6, copy.c_str(), parsed.data()) == 1;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1" || host == "[::1]") return true;
  if (!host.starts_with("127.")) return false;
  int dots = 0;
  for (std::size_t start = 0; start <= host.size(); ++dots) {
    const auto end = std::min(host.find('.', start), host.size());
    const auto part = parse_whole(host.substr(start, end - start));
    if (!part || *part < 0 || *part > 255) return false;
    start = end + 1;
  }
  return dots == 4;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const auto part = trim(text.substr(0, comma));
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

std::optional<std::vector<std::int64_t>> parse_ids(std::string_view text) {
  std::vector<std::int64_t> ids;
  for (const auto& part : split_list(text)) {
    const auto id = parse_whole(part);
    if (!id || *id <= 0) return std::nullopt;
    ids.push_back(*id);
  }
  return ids;
}

std::expected<std::vector<std::string>, std::string> split_command_line(std::string_view text) {
  std::vector<std::string> words;
  std::optional<std::string> word;  // engaged inside a word, also an empty quoted one
  char quote = '\0';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool blank = c == ' ' || c == '\t' || c == '\n';
    if (quote == '\0' && blank) {
      if (word) words.push_back(*std::exchange(word, std::nullopt));
      continue;
    }
    if (!word) word.emplace();
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'') {
      if (at + 1 == text.size()) return std::unexpected("it ends in a backslash");
      const char next = text[++at];
      if (quote == '"' && next != '"' && next != '\\' && next != '$' && next != '`') word->push_back(c);
      word->push_back(next);
    } else {
      word->push_back(c);
    }
  }
  if (quote != '\0') return std::unexpected(std::string{"the quote "} + quote + " is not closed");
  if (word) words.push_back(*word);
  if (words.empty() || words.front().empty()) return std::unexpected("it names no program");
  return words;
}

std::optional<std::string> find_secret_fault(std::string_view text) {
  if (std::ranges::any_of(text, [](char c) { return c <= ' ' || c >= 0x7F; })) {
    return "it may hold no blanks and nothing but ASCII";
  }
  if (is_placeholder(text)) return "it is a placeholder, not a secret";
  if (text.size() < shortest_secret) {
    return "it has " + std::to_string(text.size()) + " characters, expected at least " +
           std::to_string(shortest_secret) + " (openssl rand -hex 32 makes one)";
  }
  if (std::set<char>(text.begin(), text.end()).size() < fewest_different_characters) {
    return "it is made of too few different characters (openssl rand -hex 32 makes a good one)";
  }
  return std::nullopt;
}

std::optional<std::string> find_fault(const Variable& variable, std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (variable.kind == Kind::database_url) {  // its value is never shown
    if (text.starts_with("postgresql://") || text.starts_with("postgres://")) return std::nullopt;
    return "expected " + describe_allowed(variable);
  }
  if (variable.secret()) {
    if (auto fault = find_secret_fault(text)) return fault;
    if (variable.kind == Kind::bot_token && !is_bot_token(text))
      return "expected " + describe_allowed(variable);
    return std::nullopt;
  }
  if (variable.kind == Kind::url) {
    const auto fault = find_url_fault(text);
    if (fault) return "expected " + describe_allowed(variable) + got(text) + ": " + *fault;
    return std::nullopt;
  }
  if (variable.kind == Kind::urls) {
    for (const auto& address : split_list(text)) {
      const auto fault = find_url_fault(address);
      if (fault) return "expected " + describe_allowed(variable) + got(address) + ": " + *fault;
    }
    if (!split_list(text).empty()) return std::nullopt;
    return "expected " + describe_allowed(variable) + got(text);
  }
  if (variable.kind == Kind::command) {
    const auto words = split_command_line(text);
    if (!words) return "expected " + describe_allowed(variable) + got(text) + ": " + words.error();
    return std::nullopt;
  }
  if (fits(variable, text)) return std::nullopt;
  return "expected " + describe_allowed(variable) + got(text);
}

}  // namespace butler::config
