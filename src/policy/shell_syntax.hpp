#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// What a bash command line consists of, as far as it matters for what it does. Made by shell_parser.hpp.
namespace butler::policy::shell {

struct Word;
struct Script;

enum class PartKind : std::uint8_t {
  text,        ///< as it stands
  parameter,   ///< $name, ${name…}
  command,     ///< $(…) or `…`
  process,     ///< <(…) or >(…)
  arithmetic,  ///< $((…))
};

/// A piece of a word.
struct Part {
  PartKind kind = PartKind::text;
  bool quoted = false;
  std::string text = {};                ///< the text, or the parameter's name
  std::string operation = {};           ///< of a parameter: "", ":-", "length", "indirect", "#", "@", …
  std::string subscript = {};           ///< of a parameter: what stands in […]
  std::shared_ptr<Word> word = {};      ///< the operand of an operation, the expression of an arithmetic part
  std::shared_ptr<Script> script = {};  ///< what a substitution runs
};

struct Word {
  std::vector<Part> parts = {};
};

/// NAME=value, NAME+=value, NAME[…]=value or NAME=(…).
struct Assignment {
  std::string name;
  bool subscripted = false;
  bool append = false;
  bool array = false;
  std::vector<Word> values = {};
};

/// `operation` is as written, without the number of the descriptor.
struct Redirect {
  std::string operation;
  Word target = {};                     ///< a file, a descriptor, or the text of a here-string
  std::shared_ptr<Word> document = {};  ///< of a here-document: its lines
};

enum class CommandKind : std::uint8_t {
  simple,
  group,       ///< { … }
  subshell,    ///< ( … )
  branch,      ///< if, case: `bodies` may run
  loop,        ///< for, while, until, select: `bodies` may run, often
  function,    ///< `bodies` is what a call runs
  arithmetic,  ///< ((…)): `words` is the expression
  condition,   ///< [[ … ]]: `words` are all its operands and operators
};

struct Command {
  CommandKind kind = CommandKind::simple;
  std::string text = {};  ///< the beginning of the source
  std::string name = {};  ///< of a function; the variable of a loop
  std::vector<Assignment> assignments = {};
  std::vector<Word> words = {};  ///< of a loop: its list; of `case`: its subject and patterns
  std::vector<Redirect> redirects = {};
  std::vector<std::shared_ptr<Script>> bodies = {};
  bool always_one_body = false;  ///< of a branch: there is an `else`, or a `*)`
};

enum class Connector : std::uint8_t { sequence, background, and_then, or_else };

struct Pipeline {
  std::vector<Command> commands = {};
  Connector next = Connector::sequence;  ///< what stands between this one and the next
};

struct Script {
  std::vector<Pipeline> pipelines = {};
};

}  // namespace butler::policy::shell
