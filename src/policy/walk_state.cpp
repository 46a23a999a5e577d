#include <algorithm>
#include <utility>

#include "policy/environment.hpp"
#include "policy/walk.hpp"

/// What a walk knows of the shell: its variables, its functions, its folder.
namespace butler::policy {

namespace {

constexpr std::size_t most_texts = 16;
constexpr std::size_t most_folders = 6;

}  // namespace

void join_values(Argument& into, const Argument& other) {
  for (const auto& text : other.texts) {
    if (std::ranges::find(into.texts, text) == into.texts.end()) into.texts.push_back(text);
  }
  into.dynamic = into.dynamic || other.dynamic;
  into.wildcard = into.wildcard || other.wildcard;
  into.several = into.several || other.several;
  if (into.texts.size() > most_texts) into = {.texts = {""}, .dynamic = true};
}

void Walk::change_folder(const Argument* folder) {
  auto before = state_.folders;
  std::vector<std::string> after;
  const bool lost = folder == nullptr || folder->dynamic || folder->wildcard || before.empty();
  if (!lost) {
    for (const auto& text : folder->texts) {
      for (const auto& from : before) after.push_back(normalise(text, from));
    }
  }
  if (after.size() > most_folders) after.clear();
  state_.folders = std::move(after);
  failed_folder_ = std::move(before);
}

void Walk::set_variable(const std::string& name, Argument value) {
  if (changes_the_shell(name)) {
    note({.why = "sets " + name + ", which can change what programs do", .hidden_code = true});
  }
  state_.variables[name] = std::move(value);
}

void Walk::forget_variables() {
  state_.variables.clear();
  state_.forgotten = true;
}

void Walk::begin_shell() {
  std::map<std::string, Argument> inherited;
  for (const auto* const name : {"HOME", "TMPDIR"}) inherited[name] = variable(name);
  forget_variables();
  for (auto& [name, value] : inherited) state_.variables[name] = std::move(value);
}

void Walk::join(State& into, const State& other) {
  if (other.ended) return;
  if (into.ended) {
    into = other;
    return;
  }
  for (auto& [name, value] : into.variables) {
    const auto found = other.variables.find(name);
    if (found == other.variables.end()) {
      value = {.texts = {""}, .dynamic = true};
    } else {
      join_values(value, found->second);
    }
  }
  for (const auto& [name, value] : other.variables) {
    into.variables.try_emplace(name, Argument{.texts = {""}, .dynamic = true});
  }
  for (auto& [name, function] : into.functions) {
    const auto found = other.functions.find(name);
    if (found == other.functions.end() || found->second != function) function = nullptr;
  }
  for (const auto& [name, function] : other.functions) into.functions.try_emplace(name, nullptr);
  if (other.folders.empty()) into.folders.clear();
  if (!into.folders.empty()) {
    for (const auto& folder : other.folders) {
      if (std::ranges::find(into.folders, folder) == into.folders.end()) into.folders.push_back(folder);
    }
    if (into.folders.size() > most_folders) into.folders.clear();
  }
  into.forgotten = into.forgotten || other.forgotten;
}

/// What has changed since `before` can be anything.
void Walk::widen(State& into, const State& before) {
  for (auto& [name, value] : into.variables) {
    const auto found = before.variables.find(name);
    if (found == before.variables.end() || found->second != value) value = {.texts = {""}, .dynamic = true};
  }
  if (into.folders != before.folders) into.folders.clear();
}

}  // namespace butler::policy
