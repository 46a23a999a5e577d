#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/walk.hpp"

/// What programs do, by their name and arguments. Each of the files program_*.cpp knows some of them.
namespace butler::policy {

using Handler = void (*)(Walk&, const Call&);

struct Program {
  std::string_view name;
  Handler handler;
};

/// Whether we know what a program of this name does, or a builtin of bash.
bool knows_program(std::string_view name);

// The families.
std::span<const Program> builtin_programs();
std::span<const Program> file_programs();
std::span<const Program> tree_programs();  ///< find, tar, rm, …: whole trees, or programs of their own
std::span<const Program> text_programs();  ///< sed, awk
std::span<const Program> wrapper_programs();
std::span<const Program> shell_programs();
std::span<const Program> interpreter_programs();
std::span<const Program> git_programs();
std::span<const Program> network_programs();
std::span<const Program> package_programs();
std::span<const Program> privilege_programs();

/// An option as given: "-o" or "--output", and its value if it has one.
struct Option {
  std::string name;
  bool has_value = false;
  Argument value = {};
};

struct Options {
  std::vector<Option> options = {};
  Arguments operands = {};
  bool uncertain = false;  ///< an argument may be an option, or not
};

/// Reads arguments as getopt does. `with_value` lists what takes a value: "o|n|--output". Long names may be
/// shortened.
Options read_options(std::span<const Argument> arguments, std::string_view with_value);

/// As read_options, but the first operand ends the options: for what runs another program.
Options read_leading_options(std::span<const Argument> arguments, std::string_view with_value);

/// Whether a list like "o|--output" names this option; a long one also when it is shortened.
bool lists_option(std::string_view list, std::string_view option);

/// Whether the text is one of a list with bars: "add|commit".
bool lists(std::string_view list, std::string_view text);

/// The host of an address: "https://user@host:1/x", "user@host:path", "host:port"; "" when it is not known.
std::string host_of(const Argument& argument);

/// Only `--version`, `--help` or the like.
bool asks_about_itself(const Call& call);

}  // namespace butler::policy
