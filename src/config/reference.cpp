#include "config/reference.hpp"

#include <array>
#include <string_view>

#include "config/providers.hpp"
#include "config/variables.hpp"

namespace butler::config {

namespace {

constexpr std::string_view reference_opening = R"(# Configuration

Made by `butler config reference` from the program's own table; do not edit it by hand.

The environment goes first, then the file `.env`: in a checkout `./.env`, else `<home>/.env`; `BUTLER_ENV_FILE` names
another one. The home is `.data` in a checkout, `/var/lib/butler` for root and for the package, else `~/.butler`.
`butler config list` shows what is in effect and where it comes from; `butler config check` names everything that is
wrong. A wrong value stops the start, and the message says what is allowed.

A line of the file is `NAME=value`, a comment that begins with `#`, or empty. A value with blanks or a `#` in it goes
into quotes. Nothing is expanded. The file holds secrets: `chmod 600` it.
)";

struct Chapter {
  std::string_view prefix;  ///< of the names that it has
  std::string_view title;
};

/// The last one has what no other took.
constexpr std::array reference_chapters{
    Chapter{.prefix = "TELEGRAM_", .title = "The bot"},
    Chapter{.prefix = "TG_", .title = "Telegram: who may do what, and what is told"},
    Chapter{.prefix = "PI_", .title = "The agent and its model"},
    Chapter{.prefix = "WORKER_", .title = "The worker and its sandbox"},
    Chapter{.prefix = "ORCH_", .title = "The orchestrator"},
    Chapter{.prefix = "", .title = "Everything else"},
};

std::size_t chapter_of(const Variable& variable) {
  std::size_t chapter = 0;
  while (!variable.name.starts_with(reference_chapters.at(chapter).prefix)) ++chapter;
  return chapter;
}

std::string roles_of(const Variable& variable) {
  std::string names;
  for (const auto role : {Role::orchestrator, Role::gateway, Role::worker}) {
    if (variable.roles.has(role)) names.append(names.empty() ? "" : ", ").append(role_name(role));
  }
  return names;
}

std::string default_of(const Variable& variable) {
  if (!variable.default_value.empty()) return "`" + std::string{variable.default_value} + "`";
  if (!variable.derived_default.empty()) return std::string{variable.derived_default};
  return variable.required ? "has to be set" : "none";
}

std::string support_of(const Variable& variable) {
  switch (variable.support) {
    case Support::full: return "";
    case Support::ignored: return " Taken, without effect.";
    case Support::planned: return " Without effect yet.";
    case Support::refused: return " Not there yet: whoever sets it is stopped.";
  }
  return "";
}

/// A bar ends a cell of a table, and what looks like a tag would be taken for one.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char letter : text) {
    if (letter == '|' || letter == '<') escaped.push_back('\\');
    escaped.push_back(letter);
  }
  return escaped;
}

void append_row(std::string& text, const Variable& variable) {
  std::string meaning{variable.meaning};
  if (meaning.front() >= 'a' && meaning.front() <= 'z')
    meaning.front() = static_cast<char>(meaning.front() - 'a' + 'A');
  const auto roles = roles_of(variable);
  text += "| `" + std::string{variable.name} + "` | " + cell(meaning) + "." + support_of(variable) + " | " +
          cell(describe_allowed(variable)) + " | " + cell(default_of(variable)) + " | " +
          (roles.empty() ? "–" : roles) + " |\n";
}

void append_chapter(std::string& text, std::size_t chapter) {
  text += "\n## " + std::string{reference_chapters.at(chapter).title} +
          "\n\n| variable | meaning | allowed | default | read by |\n| --- | --- | --- | --- | --- |\n";
  for (const Variable& variable : variables()) {
    if (chapter_of(variable) == chapter) append_row(text, variable);
  }
}

void append_providers(std::string& text) {
  text +=
      "\n## The providers' keys\n\nThe worker alone has them. One of a provider's variables is enough; "
      "`models.json` may name more"
      " ([operations.md](operations.md)).\n\n| provider | its key |\n| --- | --- |\n";
  for (const Provider& provider : providers()) {
    std::string keys;
    for (const auto key : provider.keys) keys.append(keys.empty() ? "`" : "` or `").append(key);
    if (!provider.refusal.empty()) {
      text += "| `" + std::string{provider.name} + "` | not taken: " + cell(provider.refusal) + " |\n";
    } else {
      text += "| `" + std::string{provider.name} + "` | " + (keys.empty() ? "none" : keys + "`") + " |\n";
    }
  }
}

}  // namespace

std::string render_reference() {
  std::string text{reference_opening};
  for (std::size_t chapter = 0; chapter < reference_chapters.size(); ++chapter) append_chapter(text, chapter);
  append_providers(text);
  return text;
}

}  // namespace butler::config
