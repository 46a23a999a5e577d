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
  std::string_view arguments;    ///< the key of what goes behind it, or what is the same in every language
  std::string_view description;  ///< its key
  Action action;                 ///< what one has to be allowed to do, to be offered it
  Menus menus = Menus::of_private_chats;
};

constexpr std::array command_lines{
    Line{"task", "arguments.request", "commands.task", Action::ask, Menus::of_groups_too},
    Line{"run", "arguments.command", "commands.run", Action::run},
    Line{"approve", "[id] [session|always]", "commands.approve", Action::decide},
    Line{"deny", "arguments.decision", "commands.deny", Action::decide},
    Line{"abort", "arguments.job", "commands.abort", Action::abort, Menus::of_groups_too},
    Line{"retry", "arguments.job", "commands.retry", Action::ask},
    Line{"steer", "arguments.text", "commands.steer", Action::ask},
    Line{"status", "arguments.job", "commands.status", Action::ask, Menus::of_groups_too},
    Line{"jobs", "", "commands.jobs", Action::ask},
    Line{"new", "arguments.new_request", "commands.new", Action::ask, Menus::of_groups_too},
    Line{"topic", "arguments.topic", "commands.topic", Action::ask},
    Line{"context", "", "commands.context", Action::ask},
    Line{"settings", "", "commands.settings", Action::ask},
    Line{"panic", "[on|off]", "commands.panic", Action::panic},
    Line{"pairings", "[invite]", "commands.pairings", Action::manage_people},
    Line{"approvepair", "arguments.code", "commands.approvepair", Action::manage_people},
    Line{"unpair", "<id>", "commands.unpair", Action::manage_people},
    Line{"whoami", "", "commands.whoami", Action::ask},
    Line{"help", "", "commands.help", Action::ask, Menus::of_groups_too},
};

bool may(Action action, Role role, const PermissionRules& rules) {
  return domain::permission(action, role, domain::Place::private_chat, rules) == domain::Permission::granted;
}

telegram::BotCommand in_menu(Language language, const Line& line) {
  return {std::string{line.command}, say(language, line.description)};
}

std::string in_help(Language language, const Line& line) {
  const std::string arguments = line.arguments.empty() ? "" : " " + say(language, line.arguments);
  return fmt::format("\n/{}{} - {}", line.command, arguments, say(language, line.description));
}

}  // namespace

std::string welcome(Language language, std::string_view first_name, Role role) {
  std::string text = first_name.empty() ? say(language, "help.hello")
                                        : say(language, "help.hello_name", {{"name", first_name}});
  text += " " + say(language, "help.i_am_butler");
  if (role == Role::owner) text += " " + say(language, "help.invite_people");
  return text + " " + say(language, "help.rest");
}

std::string help(Language language, Role role, const PermissionRules& rules) {
  std::string text = say(language, "help.title") + "\n";
  for (const Line& line : command_lines) {
    if (may(line.action, role, rules)) text += in_help(language, line);
  }
  text += "\n\n" + say(language, "help.short_ids");
  if (may(Action::decide, role, rules)) text += " " + say(language, "help.decisions");
  return text;
}

std::string unknown_command(Language language, std::string_view name,
                            const std::optional<std::string>& nearest, Role role,
                            const PermissionRules& rules) {
  const std::string typed = domain::shorten(name, longest_command);
  std::string text = say(language, "help.unknown_command", {{"command", typed}});
  const auto* const line = std::ranges::find(command_lines, nearest.value_or(""), &Line::command);
  const bool offered = nearest && (line == command_lines.end() || may(line->action, role, rules));
  if (offered) text += " " + say(language, "help.did_you_mean", {{"command", *nearest}});
  return text + "\n\n" + help(language, role, rules);
}

std::string role_words(Language language, Role role) {
  return role == Role::owner ? say(language, "help.you_are_owner") : say(language, "help.you_are_let_in");
}

std::string who_you_are(Language language, std::int64_t person_id, Role role, std::string_view session_key) {
  return say(language, "help.who_you_are",
             {{"id", person_id}, {"role", role_words(language, role)}, {"session", session_key}});
}

std::vector<telegram::BotCommand> private_menu(Language language, Role role, const PermissionRules& rules) {
  std::vector<telegram::BotCommand> menu;
  for (const Line& line : command_lines) {
    if (may(line.action, role, rules)) menu.push_back(in_menu(language, line));
  }
  return menu;
}

std::vector<telegram::BotCommand> group_menu(Language language) {
  std::vector<telegram::BotCommand> menu;
  for (const Line& line : command_lines) {
    if (line.menus == Menus::of_groups_too) menu.push_back(in_menu(language, line));
  }
  return menu;
}

}  // namespace butler::gateway::wording
