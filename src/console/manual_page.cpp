#include <string_view>

#include "console/command_tree.hpp"

namespace butler::console {

namespace {

/// Text for roff: no escape, no request, and minus signs that can be copied.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '`' || c == '\'') {
      out += c == '`' ? "\\(ga" : "\\(aq";
    } else {
      if (c == '.' && (out.empty() || out.back() == '\n')) out += "\\&";
      out += c;
    }
  }
  return out;
}

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

std::string argument_name(const OptionNode& argument) {
  const std::string name = italic(argument.value);
  return argument.required ? name : "[" + name + "]";
}

std::string option_paragraph(const OptionNode& option) {
  std::string text = ".TP\n";
  for (std::size_t i = 0; i < option.names.size(); ++i) text += (i == 0 ? "" : ", ") + bold(option.names[i]);
  if (!option.choices.empty()) {
    std::string choices;
    for (const auto& choice : option.choices) {
      choices += (choices.empty() ? "" : "|\\:") + roff(choice);  // a line may end there
    }
    text += " \\fI" + choices + "\\fR";
  } else if (!option.value.empty()) {
    text += " " + italic(option.value);
  }
  return text + "\n" + roff(option.meaning) + "\n";
}

void add_command_section(std::string& text, const CommandNode& command, const std::string& path) {
  const bool is_group = !command.commands.empty();
  if (!is_group) {
    text += ".SS " + bold(path);
    for (const auto& argument : command.arguments) text += " " + argument_name(argument);
    if (!command.options.empty()) text += " [" + italic("options") + "]";
    text += "\n" + roff(command.meaning) + "\n";
    for (const auto& argument : command.arguments) {
      if (argument.meaning.empty()) continue;
      text += ".TP\n" + italic(argument.value) + "\n" + roff(argument.meaning) + "\n";
    }
    for (const auto& option : command.options) text += option_paragraph(option);
  }
  for (const auto& sub : command.commands) add_command_section(text, sub, path + " " + sub.name);
}

constexpr std::string_view files_section =
    ".SH FILES\n"
    ".TP\n\\fI.env\\fR\nThe settings: in a checkout, or in the home.\n"
    ".TP\n\\fI/var/lib/butler\\fR\nThe home when Butler is started by root; "
    "\\fI~/.butler\\fR otherwise, or what \\fBBUTLER_HOME\\fR says.\n";

constexpr std::string_view status_section =
    ".SH EXIT STATUS\n"
    ".TP\n0\nDone.\n"
    ".TP\n1\nFailed; standard error says why, and what to do next. A command that waits for a job: the job "
    "did not "
    "end well.\n"
    ".TP\n2\nWrong usage.\n"
    ".TP\n75\nButler runs already.\n"
    ".TP\n78\nThe configuration is wrong.\n"
    ".TP\n130\nInterrupted: the job that was waited for goes on.\n";

}  // namespace

std::string manual_page(const CommandNode& program, const std::string& version) {
  std::string text = ".\\\" Made by `butler man`.\n.TH BUTLER 1 \"2026-11-27\" \"butler " + roff(version) +
                     "\" \"Butler\"\n.ad l\n";
  text += ".SH NAME\nbutler \\- a personal AI agent in Telegram, on a machine of your own\n";
  text += ".SH SYNOPSIS\n" + bold("butler") + " " + italic("command") + " [" + italic("options") + "]\n";
  text += ".SH DESCRIPTION\n" + roff(program.meaning) + "\n";
  text += ".SH COMMANDS\n";
  for (const auto& command : program.commands) add_command_section(text, command, "butler " + command.name);
  text +=
      ".SH COMPLETIONS\nbash: \\fBsource <(butler completion bash)\\fR, zsh: "
      "\\fBsource <(butler completion zsh)\\fR, fish: \\fBbutler completion fish | source\\fR.\n";
  return text.append(status_section).append(files_section);
}

}  // namespace butler::console
