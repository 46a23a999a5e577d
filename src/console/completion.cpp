#include <string_view>

#include "console/command_tree.hpp"

namespace butler::console {

namespace {

/// Inside single quotes, for all three shells.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return out + "'";
}

/// fish reads \' and \\ inside single quotes.
std::string quoted_for_fish(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string joined_words(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<std::string> words_of(const CommandNode& command) {
  std::vector<std::string> words;
  words.reserve(command.commands.size());
  for (const auto& sub : command.commands) words.push_back(sub.name);
  for (const auto& argument : command.arguments) {
    words.insert(words.end(), argument.choices.begin(), argument.choices.end());
  }
  for (const auto& option : command.options)
    words.insert(words.end(), option.names.begin(), option.names.end());
  return words;
}

template <class Visit>
void walk_commands(const CommandNode& command, const std::string& path, const Visit& visit) {
  visit(command, path);
  for (const auto& sub : command.commands) walk_commands(sub, path + " " + sub.name, visit);
}

/// The cases by which a shell function finds out which command the words before the cursor have reached.
std::string step_cases(const CommandNode& program) {
  std::string text;
  walk_commands(program, program.name, [&](const CommandNode& command, const std::string& path) {
    for (const auto& sub : command.commands) {
      const std::string next = path + " " + sub.name;
      text += "      " + in_quotes(next) + ") place=" + in_quotes(next) + " ;;\n";
    }
  });
  return text;
}

std::string bash_words(const CommandNode& program) {
  std::string text;
  walk_commands(program, program.name, [&](const CommandNode& command, const std::string& path) {
    text += "    " + in_quotes(path) + ") words=" + in_quotes(joined_words(words_of(command))) + " ;;\n";
  });
  return text;
}

std::string bash_choices(const CommandNode& program) {
  std::string text;
  walk_commands(program, program.name, [&](const CommandNode& command, const std::string& path) {
    for (const auto& option : command.options) {
      if (option.value.empty()) continue;
      for (const auto& name : option.names) {
        text += "    " + in_quotes(path + " " + name) + ") words=" + in_quotes(joined_words(option.choices)) +
                "; values=1 ;;\n";
      }
    }
  });
  return text;
}

std::string bash_script(const CommandNode& program) {
  return "# Completions of " + program.name + " for bash. Made by `" + program.name +
         " completion bash`.\n"
         "_butler() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} before='' place='butler' words='' values='' i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case \"$place ${COMP_WORDS[i]}\" in\n" +
         step_cases(program) +
         "    esac\n"
         "  done\n"
         "  before=${COMP_WORDS[COMP_CWORD - 1]}\n"
         "  case $place in\n" +
         bash_words(program) +
         "  esac\n"
         "  case \"$place $before\" in\n" +
         bash_choices(program) +
         "  esac\n"
         "  if [[ -n $values && -z $words ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
         "  else\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "  fi\n"
         "}\n"
         "complete -o bashdefault -o default -F _butler butler\n";
}

/// What fits beside a word in a list.
std::string_view first_line_of(std::string_view text) { return text.substr(0, text.find('\n')); }

/// In _describe's lists a colon parts a word from its meaning.
std::string zsh_item(std::string_view word, std::string_view meaning) {
  std::string item;
  for (const char c : word) item += c == ':' ? std::string{"\\:"} : std::string{c};
  if (!meaning.empty()) item.append(":").append(first_line_of(meaning));
  return in_quotes(item);
}

std::string zsh_cases(const CommandNode& program) {
  std::string text;
  walk_commands(program, program.name, [&](const CommandNode& command, const std::string& path) {
    text += "    " + in_quotes(path) + ")\n      commands=(";
    for (const auto& sub : command.commands) text += "\n        " + zsh_item(sub.name, sub.meaning);
    for (const auto& argument : command.arguments) {
      for (const auto& choice : argument.choices) text += "\n        " + zsh_item(choice, "");
    }
    text += ")\n      options=(";
    for (const auto& option : command.options) {
      for (const auto& name : option.names) text += "\n        " + zsh_item(name, option.meaning);
    }
    text += ")\n      ;;\n";
  });
  return text;
}

std::string zsh_choices(const CommandNode& program) {
  std::string text;
  walk_commands(program, program.name, [&](const CommandNode& command, const std::string& path) {
    for (const auto& option : command.options) {
      if (option.value.empty()) continue;
      for (const auto& name : option.names) {
        const std::string action =
            option.choices.empty() ? "_files" : "compadd -- " + joined_words(option.choices);
        text += "    " + in_quotes(path + " " + name) + ") " + action + "; return ;;\n";
      }
    }
  });
  return text;
}

std::string zsh_script(const CommandNode& program) {
  return "#compdef butler\n# Completions of " + program.name + " for zsh. Made by `" + program.name +
         " completion zsh`.\n"
         "_butler() {\n"
         "  local place='butler' word\n"
         "  local -a commands options\n"
         "  for word in ${words[2,CURRENT-1]}; do\n"
         "    case \"$place $word\" in\n" +
         step_cases(program) +
         "    esac\n"
         "  done\n"
         "  case \"$place ${words[CURRENT-1]}\" in\n" +
         zsh_choices(program) +
         "  esac\n"
         "  case $place in\n" +
         zsh_cases(program) +
         "  esac\n"
         "  if [[ ${words[CURRENT]} == -* ]]; then\n"
         "    _describe -o option options\n"
         "  elif (( ${#commands} )); then\n"
         "    _describe command commands\n"
         "  else\n"
         "    _files\n"
         "  fi\n"
         "}\n"
         "if [[ ${funcstack[1]} == _butler ]]; then\n"
         "  _butler \"$@\"\n"
         "elif (( ${+functions[compdef]} )); then\n"
         "  compdef _butler butler\n"
         "fi\n";
}

std::string fish_option(const OptionNode& option, const std::string& at) {
  std::string line = "complete -c butler -n " + at;
  for (const auto& name : option.names) {
    if (name.starts_with("--")) {
      line += " -l " + name.substr(2);
    } else {
      line += " -s " + name.substr(1);
    }
  }
  if (!option.value.empty())
    line += option.choices.empty() ? " -r" : " -x -a " + quoted_for_fish(joined_words(option.choices));
  if (!option.meaning.empty()) line += " -d " + quoted_for_fish(first_line_of(option.meaning));
  return line + "\n";
}

std::string fish_lines(const CommandNode& program) {
  std::string text;
  walk_commands(program, program.name, [&](const CommandNode& command, const std::string& path) {
    const std::string at = quoted_for_fish("__butler_at " + quoted_for_fish(path));
    for (const auto& sub : command.commands) {
      text += "complete -c butler -n " + at + " -f -a " + sub.name + " -d " +
              quoted_for_fish(first_line_of(sub.meaning)) + "\n";
    }
    for (const auto& argument : command.arguments) {
      if (argument.choices.empty()) continue;
      text +=
          "complete -c butler -n " + at + " -f -a " + quoted_for_fish(joined_words(argument.choices)) + "\n";
    }
    for (const auto& option : command.options) text += fish_option(option, at);
  });
  return text;
}

std::string fish_script(const CommandNode& program) {
  std::string known;
  walk_commands(program, program.name, [&](const CommandNode& command, const std::string& path) {
    for (const auto& sub : command.commands)
      known += " \\\n        " + quoted_for_fish(path + " " + sub.name);
  });
  return "# Completions of " + program.name + " for fish. Made by `" + program.name +
         " completion fish`.\n"
         "function __butler_at\n"
         "    set -l known" +
         known +
         "\n"
         "    set -l path butler\n"
         "    for word in (commandline -opc)[2..-1]\n"
         "        if contains -- \"$path $word\" $known\n"
         "            set path \"$path $word\"\n"
         "        end\n"
         "    end\n"
         "    test \"$path\" = \"$argv[1]\"\n"
         "end\n" +
         fish_lines(program);
}

}  // namespace

std::string completion_script(const CommandNode& program, Shell shell) {
  switch (shell) {
    case Shell::bash: return bash_script(program);
    case Shell::zsh: return zsh_script(program);
    case Shell::fish: return fish_script(program);
  }
  return "";
}

}  // namespace butler::console
