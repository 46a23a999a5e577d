#include <algorithm>
#include <iterator>

#include "policy/environment.hpp"
#include "policy/programs.hpp"
#include "policy/walk.hpp"

/// What a walk notes of what it sees.
namespace butler::policy {

namespace {

constexpr std::size_t most_effects = 400;
constexpr std::size_t longest_path = 4'096;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

}  // namespace

bool Argument::may_be_option() const {
  return std::ranges::any_of(texts, [this](const std::string& text) {
    if (text.empty()) return dynamic || several;
    return text.front() == '-' || (wildcard && has_wildcard(text.substr(0, 1)));
  });
}

void Walk::note(Effect effect) {
  auto& effects = analysis_.effects;
  if (effects.size() >= most_effects) return;
  if (effects.size() + 1 == most_effects) {
    effect = {.why = "does more than can be looked into", .beyond_us = true};
  }
  if (std::ranges::find(effects, effect) == effects.end()) effects.push_back(std::move(effect));
}

void Walk::note(const Call& call, CommandClass command_class, std::string why) {
  note({.command_class = command_class, .why = std::move(why), .command = call.words});
}

void Walk::note_unknown(const Call& call, std::string why) {
  note(call, CommandClass::unknown, std::move(why));
}

void Walk::note_hidden(const Call& call, std::string why) {
  note({.command_class = CommandClass::unknown,
        .why = std::move(why),
        .command = call.words,
        .hidden_code = true});
}

void Walk::give_up(std::string why) {
  note({.command_class = CommandClass::unknown, .why = std::move(why), .beyond_us = true});
}

std::vector<Effect> Walk::path_effects(const Call& call, const Argument& path, Access access,
                                       bool whole_tree) {
  const bool writes = access == Access::write;
  const bool absolute = std::ranges::all_of(path.texts, [](auto& text) { return text.starts_with('/'); });
  if (path.dynamic || (state_.folders.empty() && !absolute)) {
    return {{.why = writes ? "writes to a path that is known only when it runs"
                           : "reads a path that is known only when it runs",
             .command = call.words}};
  }
  const std::vector<std::string> root{"/"};
  std::vector<Effect> effects;
  for (const auto& text : path.texts) {
    if (text.empty()) continue;
    if (text.size() > longest_path) return {{.why = "names a path that is too long", .beyond_us = true}};
    if (path.wildcard && may_climb(text)) {
      effects.push_back({.why = "names files by a pattern that also fits '..'", .command = call.words});
      continue;
    }
    for (const auto& folder : state_.folders.empty() ? root : state_.folders) {
      auto full = normalise(text, folder);
      const auto place = place_of(folders_, full, access, whole_tree);
      const bool inside = place == Place::workspace || place == Place::guarded;
      const auto writing = inside ? CommandClass::write_in_workspace : CommandClass::write_outside;
      auto why = (writes ? "writes " : "reads ") + full;
      effects.push_back({.command_class = writes ? writing : CommandClass::read,
                         .why = std::move(why),
                         .path = std::move(full),
                         .place = place,
                         .whole_tree = whole_tree,
                         .command = call.words});
    }
  }
  return effects;
}

void Walk::note_path(const Call& call, const Argument& path, Access access, bool whole_tree) {
  for (auto& effect : path_effects(call, path, access, whole_tree)) note(std::move(effect));
}

void Walk::note_current_folder(const Call& call, Access access, bool whole_tree) {
  note_path(call, {.texts = {"."}}, access, whole_tree);
}

void Walk::note_destruction(const Call& call, const Argument& path) {
  for (auto& effect : path_effects(call, path, Access::write, true)) {
    auto destruction = effect;
    destruction.command_class = CommandClass::destructive;
    destruction.why = effect.path.empty() ? "destroys something that is known only when it runs"
                                          : "destroys " + effect.path;
    note(std::move(destruction));
    // The write stands beside it: rules about writing see it as well.
    note(std::move(effect));
  }
}

void Walk::note_host(const Call& call, std::string host) {
  host = lower(std::move(host));
  auto why = host.empty() ? "talks to a host that is known only when it runs" : "talks to " + host;
  note({.command_class = CommandClass::network,
        .why = std::move(why),
        .host = std::move(host),
        .command = call.words});
}

void Walk::note_execution(const Call& call, const Argument& file) {
  if (file.dynamic || file.wildcard || state_.folders.empty()) {
    return note_unknown(call, "executes a file that is known only when it runs");
  }
  for (const auto& text : file.texts) {
    for (const auto& folder : state_.folders) {
      auto full = normalise(text, folder);
      auto& files = analysis_.executed_files;
      if (std::ranges::find(files, full) == files.end()) files.push_back(full);
      const auto place = place_of(folders_, full, Access::read, false);
      auto why = "executes " + full;
      note({.command_class = CommandClass::unknown,
            .why = std::move(why),
            .path = std::move(full),
            .place = place,
            .command = call.words});
    }
  }
}

}  // namespace butler::policy
