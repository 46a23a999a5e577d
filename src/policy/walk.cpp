#include "policy/walk.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "policy/environment.hpp"
#include "policy/programs.hpp"
#include "policy/shell_parser.hpp"

namespace butler::policy {

namespace {

using shell::CommandKind;
using shell::Connector;

constexpr std::size_t most_commands = 4'000;
constexpr int deepest_texts = 8;  ///< bash -c in bash -c in …

/// local, readonly, declare, typeset: their assignments stay. `export` is not among them: it is as an
/// assignment before every program to come.
bool declares_variables(const shell::Command& command) {
  constexpr std::array<std::string_view, 4> names{"local", "readonly", "declare", "typeset"};
  const auto& parts = command.words.front().parts;
  return parts.size() == 1 && parts.front().kind == shell::PartKind::text &&
         std::ranges::find(names, parts.front().text) != names.end();
}

}  // namespace

Walk::Walk(const Question& question, Analysis& analysis)
    : question_(question), analysis_(analysis), folders_(question), budget_(most_commands) {
  state_.folders.push_back(normalise(question.cwd, folders_.workspace));
}

bool Walk::spend() {
  if (budget_ == 0) return false;
  if (--budget_ == 0) give_up("is too long to be looked into");
  return budget_ > 0;
}

void Walk::run_text(std::string_view text) {
  if (++depth_ > deepest_texts) {
    give_up("runs a command within a command within a command, too deeply");
  } else {
    auto parsed = shell::parse(text, depth_);
    scripts_.push_back(std::move(parsed.script));
    walk(scripts_.back());
    if (!parsed.problem.empty()) give_up("could not be understood: " + parsed.problem);
  }
  --depth_;
}

void Walk::walk(const shell::Script& script) {
  for (std::size_t i = 0; i < script.pipelines.size(); ++i) {
    const auto& first = script.pipelines[i];
    if (first.next == Connector::background) {
      in_subshell([&] { walk(first); });
      continue;
    }
    failed_folder_.reset();
    walk(first);
    if (first.next == Connector::sequence) {
      if (failed_folder_) {
        auto failed = state_;
        failed.folders = *std::move(failed_folder_);
        join(state_, failed);
      }
      continue;
    }
    // A chain: what follows && starts from success, what follows || from failure.
    State failure = state_;
    if (failed_folder_) failure.folders = *failed_folder_;
    auto connector = first.next;
    while (connector == Connector::and_then || connector == Connector::or_else) {
      if (++i == script.pipelines.size()) break;
      const auto& next = script.pipelines[i];
      const State success = state_;
      if (connector == Connector::or_else) state_ = failure;
      failed_folder_.reset();
      walk(next);
      State after_failure = state_;
      if (failed_folder_) after_failure.folders = *failed_folder_;
      if (connector == Connector::or_else) {
        failure = std::move(after_failure);
        join(state_, success);
      } else {
        join(failure, after_failure);
      }
      connector = next.next;
    }
    join(state_, failure);
  }
  failed_folder_.reset();
}

void Walk::walk(const shell::Pipeline& pipeline) {
  if (pipeline.commands.size() == 1) return walk(pipeline.commands.front());
  for (const auto& command : pipeline.commands) {
    in_subshell([&] { walk(command); });
  }
}

void Walk::walk(const shell::Command& command) {
  if (!spend()) return;
  if (command.kind == CommandKind::simple) return walk_simple(command);
  walk_redirects(command);
  switch (command.kind) {
    case CommandKind::group: return walk(*command.bodies.front());
    case CommandKind::subshell: return in_subshell([&] { walk(*command.bodies.front()); });
    case CommandKind::branch: return walk_branch(command);
    case CommandKind::loop: return walk_loop(command);
    case CommandKind::function: state_.functions[command.name] = &command; return;
    case CommandKind::arithmetic: return check_arithmetic(command.words.front());
    case CommandKind::condition: return walk_condition(command);
    case CommandKind::simple: return;
  }
}

void Walk::walk_branch(const shell::Command& command) {
  expand(command.words);
  // The conditions of an `if` stand among the bodies, and run one after the other: each starts from all
  // before it.
  State end = state_;
  bool first = true;
  const State start = state_;
  State entry = start;
  for (const auto& body : command.bodies) {
    state_ = entry;
    walk(*body);
    join(entry, state_);
    if (first && command.always_one_body) {
      end = state_;
    } else {
      join(end, state_);
    }
    first = false;
  }
  state_ = std::move(end);
}

void Walk::walk_loop(const shell::Command& command) {
  constexpr int passes_before_widening = 2;
  constexpr int most_passes = 8;
  for (int pass = 0; pass < most_passes; ++pass) {
    const State before = state_;
    walk_loop_once(command);
    join(state_, before);
    if (state_ == before || budget_ == 0) return;
    if (pass >= passes_before_widening) widen(state_, before);
  }
  forget_variables();
  state_.folders.clear();
  walk_loop_once(command);
}

void Walk::walk_loop_once(const shell::Command& command) {
  if (command.name == "((") {
    check_arithmetic(command.words.front());
  } else if (!command.name.empty()) {
    Argument value;
    for (const auto& argument : expand(command.words)) join_values(value, argument);
    if (value.texts.empty()) value.texts.emplace_back();
    value.several = false;
    set_variable(command.name, std::move(value));
  }
  for (const auto& body : command.bodies) walk(*body);
}

void Walk::walk_condition(const shell::Command& command) {
  constexpr std::array<std::string_view, 7> arithmetic{"-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-v"};
  bool calculates = false;
  const auto operands = expand(command.words);
  for (const auto& operand : operands) {
    const auto* const text = operand.plain();
    calculates = calculates || (text != nullptr && std::ranges::find(arithmetic, *text) != arithmetic.end());
  }
  if (!calculates) return note({.command_class = CommandClass::read, .why = "compares texts"});
  for (const auto& operand : operands) {
    const auto* const text = operand.plain();
    const bool harmless = text != nullptr && text->find_first_of("[$`") == std::string::npos;
    if (!harmless) give_up("calculates with a value that is known only when it runs");
  }
}

void Walk::call_function(const std::string& name) {
  const auto* const function = state_.functions[name];
  if (function == nullptr || function->bodies.empty()) {
    return give_up("calls a function that may not be there: " + name);
  }
  if (std::ranges::find(calls_, name) != calls_.end()) {
    note({.command_class = CommandClass::destructive,
          .why = "calls a function from within itself, without an end"});
    return;
  }
  calls_.push_back(name);
  const State before = state_;
  walk(*function->bodies.front());
  join(state_, before);
  calls_.pop_back();
}

void Walk::walk_simple(const shell::Command& command) {
  const bool assigns_only = command.words.empty();
  walk_assignments(command, !assigns_only);
  const auto arguments = expand(command.words);
  const auto* const input = walk_redirects(command);
  if (arguments.empty()) {
    if (!command.words.empty()) give_up("runs a program that is known only when it runs");
    return;
  }
  const auto* const name = arguments.front().plain();
  if (name != nullptr && is_function(*name)) {
    // Perhaps the function is there, perhaps only the program.
    if (knows_program(*name)) in_subshell([&] { run_program(arguments, input); });
    return call_function(*name);
  }
  run_program(arguments, input);
  if (name != nullptr && *name == "exit" && arguments.size() <= 2 && command.redirects.empty())
    state_.ended = true;
}

const std::string* Walk::walk_redirects(const shell::Command& command) {
  const std::string* input = nullptr;
  for (const auto& redirect : command.redirects) {
    walk_redirect(redirect);
    const bool document = redirect.document != nullptr;
    if (!document && redirect.operation != "<<<") continue;
    const auto text = expand_one(document ? *redirect.document : redirect.target);
    if (text.plain() == nullptr && !text.wildcard) continue;
    if (text.dynamic || text.texts.size() != 1) continue;
    inputs_.push_back(text.texts.front());
    input = &inputs_.back();
  }
  return input;
}

void Walk::walk_redirect(const shell::Redirect& redirect) {
  if (redirect.document != nullptr || redirect.operation == "<<<") return;
  const auto target = expand_one(redirect.target);
  const auto& operation = redirect.operation;
  const auto* const plain = target.plain();
  if ((operation == ">&" || operation == "<&") && plain != nullptr) {
    if (!plain->empty() && plain->find_first_not_of("0123456789-") == std::string::npos) return;
  }
  if (plain != nullptr && lists("/dev/null|/dev/stdout|/dev/stderr|/dev/tty", *plain)) return;
  const Call nothing;
  if (std::ranges::any_of(target.texts, [](auto& text) {
        return text.starts_with("/dev/tcp/") || text.starts_with("/dev/udp/");
      })) {
    const auto host = plain != nullptr ? plain->substr(9, plain->find('/', 9) - 9) : std::string{};
    return note_host(nothing, host);
  }
  if (operation == "<" || operation == "<&") return note_path(nothing, target, Access::read, false);
  note_path(nothing, target, Access::write, false);
}

void Walk::walk_assignments(const shell::Command& command, bool for_program) {
  const bool declares = for_program && declares_variables(command);
  for (const auto& assignment : command.assignments) {
    Argument value;
    if (assignment.array) {
      for (const auto& argument : expand(assignment.values)) join_values(value, argument);
      if (value.texts.empty()) value.texts.emplace_back();
    } else {
      value = expand_one(assignment.values.front());
    }
    if (assignment.append || assignment.subscripted) {
      if (assignment.array || assignment.subscripted) {
        join_values(value, variable(assignment.name));
      } else {
        auto longer = variable(assignment.name);
        append_value(longer, value);
        value = std::move(longer);
      }
    }
    const bool exports = for_program && !declares;
    if (exports && !is_harmless_for_programs(assignment.name)) {
      note({.why = "sets " + assignment.name + ", which can change what programs do", .hidden_code = true});
    }
    // An assignment before a program holds for that program alone.
    if (!exports) set_variable(assignment.name, std::move(value));
  }
}

}  // namespace butler::policy
