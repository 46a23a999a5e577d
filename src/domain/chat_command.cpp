#include "domain/chat_command.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace butler::domain {

namespace {

constexpr auto names = std::to_array<std::string_view>(
    {"task",        "run",    "approve", "deny",  "abort",   "stop",     "status", "retry",
     "jobs",        "steer",  "new",     "reset", "context", "settings", "panic",  "pairings",
     "approvepair", "unpair", "help",    "start", "whoami",  "topic"});

constexpr std::string_view white_space = " \t\r\n\v\f";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(white_space);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(white_space) - begin + 1);
}

std::string lower(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// How many slips of the finger lie between two words: a letter more, less or other, or two exchanged.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) table[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) table[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = table[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      table[i][j] = std::min({replaced, table[i - 1][j] + 1, table[i][j - 1] + 1});
      const bool exchanged = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (exchanged) table[i][j] = std::min(table[i][j], table[i - 2][j - 2] + 1);
    }
  }
  return table[a.size()][b.size()];
}

std::optional<std::string> nearest_name(std::string_view typed) {
  constexpr std::size_t longest = 32;  // Telegram's limit; a longer word is no slip of the finger
  if (typed.size() > longest) return std::nullopt;
  const auto closest = std::ranges::min_element(names, {}, [&](auto name) { return distance(typed, name); });
  const std::size_t allowed = typed.size() <= 4 ? 1 : 2;
  if (distance(typed, *closest) <= allowed) return std::string{*closest};
  for (const auto name : names) {
    if (typed.size() >= 2 && name.starts_with(typed)) return std::string{name};
  }
  return std::nullopt;
}

/// The job that a command names: its first word.
std::string first_word(std::string_view text) {
  return std::string{text.substr(0, text.find_first_of(white_space))};
}

std::string_view behind_first_word(std::string_view text) {
  return trimmed(text.substr(std::min(text.find_first_of(white_space), text.size())));
}

/// Ids are hexadecimal digits and dashes; no scope is made of these.
bool may_be_id(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789abcdefABCDEF-") == std::string_view::npos;
}

bool is_scope(std::string_view word) { return word == "once" || word == "session" || word == "always"; }

ApproveCommand approve(std::string_view rest) {
  if (is_scope(lower(first_word(rest)))) return {"", lower(rest)};
  return {first_word(rest), lower(behind_first_word(rest))};
}

DenyCommand deny(std::string_view rest) {
  if (!may_be_id(first_word(rest))) return {"", std::string{rest}};
  return {first_word(rest), std::string{behind_first_word(rest)}};
}

/// A line is a name; so is what stands before a colon that a blank follows.
TopicCommand topic(std::string_view rest) {
  const auto line = rest.substr(0, rest.find('\n'));
  const auto colon = line.find(": ");
  if (colon != std::string_view::npos) {
    return {std::string{trimmed(line.substr(0, colon))}, std::string{trimmed(rest.substr(colon + 1))}};
  }
  return {std::string{trimmed(line)}, std::string{trimmed(rest.substr(line.size()))}};
}

ChatCommand command_named(const std::string& name, std::string_view rest) {
  if (name == "task") return TaskCommand{std::string{rest}};
  if (name == "run") return RunCommand{std::string{rest}};
  if (name == "approve") return approve(rest);
  if (name == "deny") return deny(rest);
  if (name == "abort" || name == "stop") return AbortCommand{first_word(rest)};
  if (name == "status") return StatusCommand{first_word(rest)};
  if (name == "retry") return RetryCommand{first_word(rest)};
  if (name == "jobs") return JobsCommand{first_word(rest)};
  if (name == "steer") return SteerCommand{std::string{rest}};
  if (name == "new" || name == "reset") return NewCommand{std::string{rest}};
  if (name == "topic") return topic(rest);
  if (name == "context") return ContextCommand{};
  if (name == "settings") return SettingsCommand{std::string{rest}};
  if (name == "panic") return PanicCommand{lower(first_word(rest))};
  if (name == "pairings") return PairingsCommand{lower(first_word(rest))};
  if (name == "approvepair") return ApprovePairCommand{first_word(rest)};
  if (name == "unpair") return UnpairCommand{first_word(rest)};
  if (name == "help") return HelpCommand{};
  if (name == "start") return StartCommand{first_word(rest)};
  if (name == "whoami") return WhoamiCommand{};
  return UnknownCommand{name, nearest_name(name)};
}

}  // namespace

std::optional<ChatText> parse_chat_text(std::string_view text, std::string_view bot_username) {
  text = trimmed(text);
  ChatText plain{TaskCommand{std::string{text}}};
  if (!text.starts_with('/')) return plain;

  const auto end_of_name = std::ranges::find_if_not(text.substr(1), is_name_character);
  const std::string name = lower(std::string_view{text.begin() + 1, end_of_name});
  if (name.empty()) return plain;
  std::string_view rest{end_of_name, text.end()};

  std::string addressee;
  if (rest.starts_with('@')) {
    const auto end_of_bot = std::ranges::find_if_not(rest.substr(1), is_name_character);
    addressee = lower(std::string_view{rest.begin() + 1, end_of_bot});
    rest = {end_of_bot, rest.end()};
  }
  if (!rest.empty() && white_space.find(rest.front()) == std::string_view::npos) return plain;
  if (!addressee.empty() && addressee != lower(bot_username)) return std::nullopt;
  return ChatText{command_named(name, trimmed(rest)), true, !addressee.empty()};
}

std::span<const std::string_view> chat_command_names() { return names; }

}  // namespace butler::domain
