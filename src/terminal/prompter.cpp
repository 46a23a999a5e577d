#include "terminal/prompter.hpp"

#include <algorithm>
#include <charconv>

namespace butler::terminal {

namespace {

std::string in_lower_case(std::string_view text) {
  std::string lower{text};
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::optional<std::size_t> read_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string list_choices(std::span<const std::string> labels) {
  std::string text;
  for (std::size_t at = 0; at < labels.size(); ++at) {
    text += (at == 0 ? "  " : "\n  ") + std::to_string(at + 1) + ") " + labels[at];
  }
  return text;
}

}  // namespace

std::optional<bool> read_yes_or_no(std::string_view text) {
  const std::string lower = in_lower_case(text);
  if (lower == "y" || lower == "yes") return true;
  if (lower == "n" || lower == "no") return false;
  return std::nullopt;
}

Answer<bool> ask_yes_or_no(Prompter& prompter, std::string_view question, bool by_default) {
  const std::string shown = std::string{question} + (by_default ? " [Y/n]" : " [y/N]");
  while (true) {
    const auto line = prompter.ask(shown);
    if (!line) return std::unexpected(line.error());
    if (line->empty()) return by_default;
    if (const auto answer = read_yes_or_no(*line)) return *answer;
    prompter.say("Please answer yes or no.");
  }
}

std::optional<std::size_t> read_choice(std::string_view text, std::span<const std::string> labels) {
  if (const auto number = read_number(text)) {
    if (*number >= 1 && *number <= labels.size()) return *number - 1;
    return std::nullopt;
  }
  const std::string wanted = in_lower_case(text);
  std::optional<std::size_t> found;
  std::size_t beginning_so = 0;
  for (std::size_t at = 0; at < labels.size() && !wanted.empty(); ++at) {
    const std::string label = in_lower_case(labels[at]);
    if (label == wanted) return at;
    if (!label.starts_with(wanted)) continue;
    found = at;
    ++beginning_so;
  }
  return beginning_so == 1 ? found : std::nullopt;
}

Answer<std::size_t> ask_choice(Prompter& prompter, std::string_view question,
                               std::span<const std::string> labels, std::optional<std::size_t> by_default) {
  prompter.say(list_choices(labels));
  std::string shown{question};
  if (by_default) shown += " [" + std::to_string(*by_default + 1) + "]";
  while (true) {
    const auto line = prompter.ask(shown);
    if (!line) return std::unexpected(line.error());
    if (line->empty() && by_default) return *by_default;
    if (const auto choice = read_choice(*line, labels)) return *choice;
    prompter.say("Please give a number from 1 to " + std::to_string(labels.size()) + ".");
  }
}

}  // namespace butler::terminal
