#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// The program's commands as data: what the completions and the manual page are made of.
namespace butler::console {

struct OptionNode {
  std::vector<std::string> names = {};  ///< "-f", "--follow"; empty for an argument without a name
  std::string meaning = {};
  std::string value = {};                 ///< "TEXT": what stands behind it; "" for a flag
  std::vector<std::string> choices = {};  ///< the values it takes, when they are few
  bool required = false;
};

struct CommandNode {
  std::string name = {};
  std::string meaning = {};
  std::vector<OptionNode> options = {};
  std::vector<OptionNode> arguments = {};  ///< those without a name, in their order
  std::vector<CommandNode> commands = {};
};

enum class Shell : std::uint8_t { bash, zsh, fish };

/// The script that completes the program's commands, options and choices. Pure.
std::string completion_script(const CommandNode& program, Shell shell);

/// The manual page in roff with the man(7) macros. Pure.
std::string manual_page(const CommandNode& program, const std::string& version);

}  // namespace butler::console
