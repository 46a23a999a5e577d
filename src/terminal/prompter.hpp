#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Questions to the person at the terminal, behind an interface, so that what is asked can be tested without
/// one.
namespace butler::terminal {

/// Why a question got no answer.
enum class NoAnswer : std::uint8_t {
  end_of_input,  ///< the input has ended (Ctrl-D), or there is none
  interrupted,   ///< Ctrl-C, or a signal that ends the program
};

template <class T>
using Answer = std::expected<T, NoAnswer>;

class Prompter {
 public:
  virtual ~Prompter() = default;

  /// Writes the text, one line or several, and a line end.
  virtual void say(std::string_view text) = 0;
  /// Writes the question (its own punctuation included; a space is added) and returns the line that is typed,
  /// without blanks at its ends. Throws std::runtime_error for one of more than 64 KiB.
  virtual Answer<std::string> ask(std::string_view question) = 0;
  /// The same without showing what is typed: for secrets.
  virtual Answer<std::string> ask_hidden(std::string_view question) = 0;
};

/// y, yes, n, no in any case; nullopt for anything else.
std::optional<bool> read_yes_or_no(std::string_view text);

/// Asks until it is answered by yes or no. An empty line means `by_default`; the question shows which that
/// is.
Answer<bool> ask_yes_or_no(Prompter& prompter, std::string_view question, bool by_default);

/// Which of the labels the text means: its number from 1 on, the label, or the only one that begins so, in
/// any case.
std::optional<std::size_t> read_choice(std::string_view text, std::span<const std::string> labels);

/// Lists the labels with numbers and asks until one is named; its index. An empty line means `by_default`.
Answer<std::size_t> ask_choice(Prompter& prompter, std::string_view question,
                               std::span<const std::string> labels,
                               std::optional<std::size_t> by_default = std::nullopt);

}  // namespace butler::terminal
