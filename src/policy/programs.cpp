#include "policy/programs.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace butler::policy {

namespace {

constexpr std::array<std::string_view, 6> program_folders{"/bin",  "/usr/bin",  "/usr/local/bin",
                                                          "/sbin", "/usr/sbin", "/usr/local/sbin"};

const std::unordered_map<std::string_view, Handler>& registry() {
  static const auto all = [] {
    std::unordered_map<std::string_view, Handler> map;
    for (const auto family : {builtin_programs(), file_programs(), tree_programs(), text_programs(),
                              wrapper_programs(), shell_programs(), interpreter_programs(), git_programs(),
                              network_programs(), package_programs(), privilege_programs()}) {
      for (const auto& program : family) map.emplace(program.name, program.handler);
    }
    return map;
  }();
  return all;
}

/// python3.12 → python, for what comes with its version in the name.
std::string_view without_version(std::string_view name) {
  const auto end = name.find_last_not_of("0123456789.-");
  return end == std::string_view::npos ? name : name.substr(0, end + 1);
}

Handler find_handler(std::string_view name) {
  const auto& all = registry();
  if (const auto found = all.find(name); found != all.end()) return found->second;
  constexpr std::array<std::string_view, 9> versioned{"python", "pypy", "perl", "ruby", "lua",
                                                      "php",    "node", "gcc",  "clang"};
  const auto base = without_version(name);
  if (base == name || std::ranges::find(versioned, base) == versioned.end()) return nullptr;
  const auto found = all.find(base);
  return found == all.end() ? nullptr : found->second;
}

/// The words that rules see: up to the first that is not plain.
std::string words_of(const std::string& name, std::span<const Argument> arguments) {
  constexpr std::size_t most_words = 8;
  std::string words = name;
  for (std::size_t i = 0; i < arguments.size() && i < most_words; ++i) {
    const auto* const text = arguments[i].plain();
    if (text == nullptr || text->empty() || text->find_first_of(" \t\n") != std::string::npos) break;
    words.append(" ").append(*text);
  }
  return words;
}

Options read(std::span<const Argument> arguments, std::string_view with_value, bool stop_at_operand) {
  Options found;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& argument = arguments[i];
    const auto* const text = argument.plain();
    if (text == nullptr || text->size() < 2 || text->front() != '-') {
      found.uncertain = found.uncertain || (text == nullptr && argument.may_be_option());
      if (stop_at_operand) {
        found.operands.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
        return found;
      }
      found.operands.push_back(argument);
      continue;
    }
    if (*text == "--") {
      found.operands.insert(found.operands.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                            arguments.end());
      return found;
    }
    const auto take_next = [&](Option& option) {
      if (i + 1 >= arguments.size()) return;
      option.has_value = true;
      option.value = arguments[++i];
    };
    if (text->starts_with("--")) {
      const auto equals = text->find('=');
      Option option{.name = text->substr(0, equals)};
      if (equals != std::string::npos) {
        option.has_value = true;
        option.value = {.texts = {text->substr(equals + 1)}};
      } else if (lists_option(with_value, option.name)) {
        take_next(option);
      }
      found.options.push_back(std::move(option));
      continue;
    }
    for (std::size_t at = 1; at < text->size(); ++at) {
      Option option{.name = std::string{"-"} + (*text)[at]};
      const bool valued = lists_option(with_value, option.name);
      if (valued && at + 1 < text->size()) {
        option.has_value = true;
        option.value = {.texts = {text->substr(at + 1)}};
      } else if (valued) {
        take_next(option);
      }
      found.options.push_back(std::move(option));
      if (valued) break;
    }
  }
  return found;
}

}  // namespace

bool knows_program(std::string_view name) { return find_handler(name) != nullptr; }

bool lists(std::string_view list, std::string_view text) {
  while (!list.empty()) {
    const auto end = std::min(list.find('|'), list.size());
    if (list.substr(0, end) == text) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

bool lists_option(std::string_view list, std::string_view option) {
  const bool is_long = option.starts_with("--");
  while (!list.empty()) {
    const auto end = std::min(list.find('|'), list.size());
    const auto listed = list.substr(0, end);
    if (is_long ? listed.starts_with(option) : listed == option.substr(1)) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

Options read_options(std::span<const Argument> arguments, std::string_view with_value) {
  return read(arguments, with_value, false);
}

Options read_leading_options(std::span<const Argument> arguments, std::string_view with_value) {
  return read(arguments, with_value, true);
}

bool asks_about_itself(const Call& call) {
  if (call.arguments.size() != 1) return false;
  const auto* const text = call.arguments.front().plain();
  return text != nullptr &&
         (*text == "--version" || *text == "--help" || *text == "-V" || *text == "version");
}

std::string host_of(const Argument& argument) {
  if (argument.texts.size() != 1 || argument.wildcard) return {};
  std::string_view text = argument.texts.front();
  bool ended = false;  // the host is known although what follows is not
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
  const auto end = text.find_first_of("/?#");
  if (end != std::string_view::npos) {
    text = text.substr(0, end);
    ended = true;
  }
  if (const auto user = text.rfind('@'); user != std::string_view::npos) text.remove_prefix(user + 1);
  if (const auto port = text.find(':'); port != std::string_view::npos) {
    text = text.substr(0, port);
    ended = true;
  }
  if (argument.dynamic && !ended) return {};
  const bool plain = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  });
  return plain ? std::string{text} : std::string{};
}

void Walk::run_program(const Arguments& arguments, const std::string* input) {
  if (!spend()) return;
  if (arguments.empty()) return;
  const auto& first = arguments.front();
  if (first.dynamic || first.several || (first.wildcard && first.texts.front() != "[")) {
    note_wrapper();
    return note({.why = "runs a program that is known only when it runs", .hidden_code = true});
  }
  for (const auto& text : first.texts) {
    Call call{
        .arguments = {arguments.begin() + 1, arguments.end()}, .name = text, .words = {}, .input = input};
    if (text.empty()) continue;
    if (text.find('/') != std::string::npos) {
      const auto full = state_.folders.empty() && !text.starts_with('/')
                            ? text
                            : normalise(text, state_.folders.empty() ? "/" : state_.folders.front());
      const auto slash = full.rfind('/');
      if (std::ranges::find(program_folders, full.substr(0, slash)) == program_folders.end()) {
        call.words = words_of(text, call.arguments);
        note_execution(call, {.texts = {text}});
        continue;
      }
      call.name = full.substr(slash + 1);
    }
    call.words = words_of(call.name, call.arguments);
    if (const auto handler = find_handler(call.name)) {
      handler(*this, call);
    } else {
      note_unknown(call, "runs '" + call.name + "', of which nothing is known");
    }
  }
}

}  // namespace butler::policy
