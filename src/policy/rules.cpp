#include "policy/rules.hpp"

#include <algorithm>

namespace butler::policy {

namespace {

bool has(const auto& list, const auto& value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

bool tool_matches(std::string_view pattern, std::string_view tool) {
  if (pattern.ends_with('*')) return tool.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == tool;
}

bool command_matches(std::string_view pattern, std::string_view words) {
  return words.starts_with(pattern) && (words.size() == pattern.size() || words[pattern.size()] == ' ');
}

/// "~/x" is in the agent's home, "x" in the workspace.
std::string full_pattern(std::string_view pattern, const Folders& folders) {
  if (pattern.starts_with('/')) return std::string{pattern};
  if (pattern.starts_with("~/")) return folders.agent_home + std::string{pattern.substr(1)};
  return folders.workspace + "/" + std::string{pattern};
}

/// Up to the folder before the first wildcard.
std::string_view plain_beginning(std::string_view text) {
  const auto wildcard = text.find_first_of("*?[");
  if (wildcard == std::string_view::npos) return text;
  return text.substr(0, text.rfind('/', wildcard));
}

/// Whether all that the path can mean is meant by the pattern: what an `allow` needs.
bool covers(std::string_view pattern, const Effect& effect) {
  if (!has_wildcard(effect.path) && !effect.whole_tree) {
    return wildcard_match(pattern, effect.path) ||
           (pattern.ends_with("/**") && effect.path == pattern.substr(0, pattern.size() - 3));
  }
  if (!pattern.ends_with("/**") || has_wildcard(pattern.substr(0, pattern.size() - 3))) return false;
  return is_within(plain_beginning(effect.path), pattern.substr(0, pattern.size() - 3));
}

/// Whether the path can mean something that the pattern means: enough for `ask` and `deny`.
bool touches(std::string_view pattern, const Effect& effect) {
  if (!has_wildcard(effect.path)) {
    if (wildcard_match(pattern, effect.path)) return true;
    if (pattern.ends_with("/**") && effect.path == pattern.substr(0, pattern.size() - 3)) return true;
    return effect.whole_tree && (is_within(plain_beginning(pattern), effect.path) ||
                                 is_within(effect.path, plain_beginning(pattern)));
  }
  const auto meant = plain_beginning(pattern);
  const auto named = plain_beginning(effect.path);
  return is_within(meant, named) || is_within(named, meant);
}

bool path_matches(const Rule& rule, const Folders& folders, const Effect& effect) {
  if (effect.path.empty()) return false;
  return std::ranges::any_of(rule.paths, [&](const std::string& pattern) {
    const auto full = full_pattern(pattern, folders);
    return rule.verdict == Verdict::allow ? covers(full, effect) : touches(full, effect);
  });
}

bool command_rule_matches(const Rule& rule, const Effect& effect) {
  // Code that is hidden in an argument is not what somebody thought of who allowed the command.
  if (effect.command.empty() || (effect.hidden_code && rule.verdict == Verdict::allow)) return false;
  return std::ranges::any_of(rule.commands,
                             [&](auto& pattern) { return command_matches(pattern, effect.command); });
}

/// To look at nothing at all counts as looking at the workspace.
bool place_matches(const Rule& rule, const Effect& effect) {
  if (!effect.path.empty()) return has(rule.places, effect.place);
  return effect.command_class == CommandClass::read && has(rule.places, Place::workspace);
}

bool matches(const Rule& rule, const Question& question, const Folders& folders, const Effect& effect) {
  if (!has(rule.roles, question.role) || !has(rule.requesters, question.requester_id)) return false;
  if (!has(rule.kinds, question.kind) || !has(rule.classes, effect.command_class)) return false;
  if (!rule.tools.empty() &&
      std::ranges::none_of(rule.tools, [&](auto& pattern) { return tool_matches(pattern, question.tool); })) {
    return false;
  }
  if (!rule.places.empty() && !place_matches(rule, effect)) return false;
  if (!rule.commands.empty() && !command_rule_matches(rule, effect)) return false;
  if (!rule.paths.empty() && !path_matches(rule, folders, effect)) return false;
  return rule.hosts.empty() ||
         (effect.command_class == CommandClass::network &&
          std::ranges::any_of(rule.hosts, [&](auto& pattern) { return host_matches(pattern, effect.host); }));
}

bool lists_host(const std::vector<std::string>& hosts, const Effect& effect) {
  return effect.command_class == CommandClass::network && !effect.host.empty() &&
         std::ranges::any_of(hosts, [&](auto& pattern) { return host_matches(pattern, effect.host); });
}

/// What no file and no decision of a profile makes looser.
Judgement floor_of(const Effect& effect) {
  const auto floor = [](Verdict verdict, std::string_view rule) {
    return Judgement{.verdict = verdict, .origin = Origin::floor, .rule = rule};
  };
  const bool has_path = !effect.path.empty();
  if (has_path && effect.place == Place::butler) return floor(Verdict::deny, "floor/butler-files");
  if (effect.beyond_us) return floor(Verdict::ask, "floor/not-understood");
  if (effect.command_class == CommandClass::privilege) return floor(Verdict::ask, "floor/privilege");
  if (has_path && effect.place == Place::secret) return floor(Verdict::ask, "floor/secrets");
  if (has_path && effect.place == Place::guarded) return floor(Verdict::ask, "floor/guarded-files");
  const bool destroys_elsewhere = effect.command_class == CommandClass::destructive && has_path &&
                                  effect.place != Place::workspace && effect.place != Place::scratch;
  if (destroys_elsewhere) return floor(Verdict::ask, "floor/destruction-outside");
  return floor(Verdict::allow, "");
}

class Judge {
 public:
  Judge(const Policy& policy, const Question& question, const Folders& folders, const Effect& effect)
      : policy_(policy), question_(question), folders_(folders), effect_(effect) {}

  Judgement decide() {
    hear(Origin::profile, policy_.profile_rules);
    hear(Origin::global, policy_.global.rules);
    hear_hosts(Origin::global, policy_.global.hosts);
    for (const auto& key : workspace_keys(question_)) {
      if (const auto found = policy_.workspace_hosts.find(key); found != policy_.workspace_hosts.end()) {
        hear_hosts(Origin::global, found->second);
      }
    }
    hear(Origin::chat, policy_.chats, question_.chat_id);
    hear(Origin::session, policy_.sessions, question_.session_key);
    return denied_.verdict == Verdict::deny ? denied_ : answer_;
  }

  static std::vector<std::string> workspace_keys(const Question& question) {
    if (question.role == Requester::owner) return {"everyone", "owners"};
    const bool group = question.role == Requester::group;
    std::string id = group ? question.chat_id : question.requester_id;
    if (id.starts_with('-')) id.erase(0, 1);
    return {"everyone", (group ? "group:" : "person:") + id};
  }

 private:
  void hear(Origin origin, const std::map<std::string, Layer>& layers, const std::string& key) {
    const auto found = layers.find(key);
    if (found == layers.end()) return;
    hear(origin, found->second.rules);
    hear_hosts(origin, found->second.hosts);
  }

  void hear(Origin origin, const std::vector<Rule>& rules) {
    for (const auto& rule : rules) {
      if (matches(rule, question_, folders_, effect_)) {
        take({.verdict = rule.verdict, .origin = origin, .rule = rule.name});
      }
    }
  }

  void hear_hosts(Origin origin, const std::vector<std::string>& hosts) {
    if (lists_host(hosts, effect_)) take({.verdict = Verdict::allow, .origin = origin, .rule = "hosts"});
  }

  void take(const Judgement& said) {
    if (said.verdict == Verdict::deny) denied_ = said;
    if (said.origin > answer_.origin || (said.origin == answer_.origin && said.verdict > answer_.verdict))
      answer_ = said;
  }

  const Policy& policy_;
  const Question& question_;
  const Folders& folders_;
  const Effect& effect_;
  Judgement answer_;
  Judgement denied_{.verdict = Verdict::allow};
};

}  // namespace

bool host_matches(std::string_view pattern, std::string_view host) {
  if (host.empty()) return pattern == "*";
  if (pattern == "*" || pattern == host) return true;
  if (!pattern.starts_with("*.")) return false;
  const auto suffix = pattern.substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix);
}

Judgement judge(const Policy& policy, const Question& question, const Folders& folders,
                const Effect& effect) {
  const auto floor = floor_of(effect);
  const auto said = Judge{policy, question, folders, effect}.decide();
  const bool floor_decides = floor.verdict != Verdict::allow && floor.verdict >= said.verdict;
  return floor_decides ? floor : said;
}

std::vector<std::string> allowed_hosts(const Policy& policy, Requester owner, const std::string& owner_id) {
  Question question{.role = owner};
  (owner == Requester::group ? question.chat_id : question.requester_id) = owner_id;
  auto hosts = policy.global.hosts;
  for (const auto& key : Judge::workspace_keys(question)) {
    const auto found = policy.workspace_hosts.find(key);
    if (found != policy.workspace_hosts.end())
      hosts.insert(hosts.end(), found->second.begin(), found->second.end());
  }
  return hosts;
}

}  // namespace butler::policy
