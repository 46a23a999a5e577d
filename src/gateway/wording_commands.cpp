#include "gateway/wording_commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "domain/utf8.hpp"

namespace butler::gateway::wording {

namespace {

using domain::Action;
using domain::PermissionRules;
using domain::Role;

constexpr std::size_t longest_command = 32;

enum class Menus : std::uint8_t { of_private_chats, of_groups_too };

struct Line {
  std::string_view command;
  std::string_view arguments;
  std::string_view description;
  Action action;  ///< what one has to be allowed to do, to be offered it
  Menus menus = Menus::of_private_chats;
};

constexpr std::array command_lines{
    Line{"task", " <request>", "Ask for something; plain text does the same", Action::ask,
         Menus::of_groups_too},
    Line{"run", " <command>", "Run one shell command, after it is approved", Action::run},
    Line{"approve", " [id] [session|always]", "Let what waits happen: once, in this conversation, always",
         Action::decide},
    Line{"deny", " [id] [reason]", "Refuse what waits", Action::decide},
    Line{"abort", " [job]", "Stop a job (also /stop)", Action::abort, Menus::of_groups_too},
    Line{"retry", " [job]", "Do a job again", Action::ask},
    Line{"steer", " <text>", "Tell the running job something", Action::ask},
    Line{"status", " [job]", "What is running and waiting", Action::ask, Menus::of_groups_too},
    Line{"jobs", "", "The latest jobs", Action::ask},
    Line{"new", " [request]", "Begin a fresh conversation (also /reset)", Action::ask, Menus::of_groups_too},
    Line{"context", "", "What this conversation is", Action::ask},
    Line{"settings", "", "How this chat behaves", Action::ask},
    Line{"panic", " [on|off]", "Stop everything at once, and go on again", Action::panic},
    Line{"pairings", " [invite]", "Who may use me and who waits; or an invitation", Action::manage_people},
    Line{"approvepair", " <code>", "Let somebody in", Action::manage_people},
    Line{"unpair", " <id>", "Take that back", Action::manage_people},
    Line{"whoami", "", "Your id and role, and this chat's session", Action::ask},
    Line{"help", "", "This list", Action::ask, Menus::of_groups_too},
};

bool is_offered(const Line& line, Role role, const PermissionRules& rules) {
  return domain::permission(line.action, role, domain::Place::private_chat, rules) ==
         domain::Permission::granted;
}

telegram::BotCommand in_menu(const Line& line) {
  return {std::string{line.command}, std::string{line.description}};
}

std::string_view role_words(Role role) {
  return role == Role::owner ? "You are an owner." : "You are let in by an owner.";
}

}  // namespace

std::string welcome(std::string_view first_name, Role role) {
  const std::string hello = first_name.empty() ? "Hello." : fmt::format("Hello, {}.", first_name);
  const std::string_view people = role == Role::owner ? " /pairings invite lets somebody else in." : "";
  return fmt::format(
      "{} I am Butler. Tell me in plain words what you need, and I'll get to work.{} /help shows the rest.",
      hello, people);
}

std::string help(Role role, const PermissionRules& rules) {
  std::string text = "Write what you need in plain words. Or:\n";
  for (const Line& line : command_lines) {
    if (!is_offered(line, role, rules)) continue;
    text += fmt::format("\n/{}{} - {}", line.command, line.arguments, line.description);
  }
  text +=
      "\n\nA job goes by its short id, like a1b2c3. If there is only one that fits, you can leave it out.";
  if (domain::permission(Action::decide, role, domain::Place::private_chat, rules) ==
      domain::Permission::granted) {
    text +=
        " What waits for your decision has such an id too: /approve a1b2c3 allows it once, with session "
        "behind "
        "it also the same again in that conversation, with always the same again from now on.";
  }
  return text;
}

std::string unknown_command(std::string_view name, const std::optional<std::string>& nearest, Role role,
                            const PermissionRules& rules) {
  const std::string typed = domain::shorten(name, longest_command);
  const auto* const line = std::ranges::find(command_lines, nearest.value_or(""), &Line::command);
  const bool offered = nearest && (line == command_lines.end() || is_offered(*line, role, rules));
  const std::string guess = offered ? fmt::format(" Did you mean /{}?", *nearest) : "";
  return fmt::format("I don't know /{}.{}\n\n{}", typed, guess, help(role, rules));
}

std::string who_you_are(std::int64_t person_id, Role role, std::string_view session_key) {
  return fmt::format("Your id is {}. {}\nSession: {}", person_id, role_words(role), session_key);
}

std::vector<telegram::BotCommand> private_menu(Role role, const PermissionRules& rules) {
  std::vector<telegram::BotCommand> menu;
  for (const Line& line : command_lines) {
    if (is_offered(line, role, rules)) menu.push_back(in_menu(line));
  }
  return menu;
}

std::vector<telegram::BotCommand> group_menu() {
  std::vector<telegram::BotCommand> menu;
  for (const Line& line : command_lines) {
    if (line.menus == Menus::of_groups_too) menu.push_back(in_menu(line));
  }
  return menu;
}

}  // namespace butler::gateway::wording
