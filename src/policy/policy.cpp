#include "policy/policy.hpp"

#include <algorithm>
#include <array>

#include "domain/enum_name.hpp"
#include "policy/describe.hpp"
#include "policy/explanation.hpp"
#include "policy/rules.hpp"

namespace butler::policy {

namespace {

/// Of two effects that lead to the same answer, the one that says more about why.
int weight(const Effect& effect) {
  switch (effect.command_class) {
    case CommandClass::read: return 0;
    case CommandClass::write_in_workspace: return 1;
    case CommandClass::unknown: return effect.hidden_code ? 3 : 2;
    case CommandClass::network: return 4;
    case CommandClass::package_install: return 5;
    case CommandClass::write_outside: return 6;
    case CommandClass::privilege: return 7;
    case CommandClass::destructive: return 8;
  }
  return 0;
}

std::string full_name(const Policy& policy, const Judgement& judgement) {
  const std::string rule{judgement.rule};
  switch (judgement.origin) {
    case Origin::nothing: return "default/" + rule;
    case Origin::profile: return std::string{domain::enum_name(policy.profile)} + '/' + rule;
    case Origin::global: return "global/" + rule;
    case Origin::chat: return "chat/" + rule;
    case Origin::session: return "session/" + rule;
    case Origin::floor: return rule;
  }
  return rule;
}

/// "git push" of "git push --force origin": what somebody may mean who allows it.
std::string first_words(const std::string& command) {
  const auto name = command.find(' ');
  if (name == std::string::npos || command[name + 1] == '-') return command.substr(0, name);
  return command.substr(0, command.find(' ', name + 1));
}

/// A rule of the file that would allow an effect like this one.
std::string suggest(const Effect& effect, const Question& question) {
  std::string rule = R"({"name": "…", "verdict": "allow", "classes": [")";
  rule.append(domain::enum_name(effect.command_class)).append("\"]");
  if (!effect.host.empty()) {
    rule += R"(, "hosts": [")" + effect.host + "\"]";
  } else if (!effect.path.empty()) {
    rule += R"(, "paths": [")" + effect.path + "\"]";
  } else if (!effect.command.empty() && !effect.hidden_code) {
    rule += R"(, "commands": [")" + first_words(effect.command) + "\"]";
  } else if (question.tool != "bash") {
    rule += R"(, "tools": [")" + question.tool + "\"]";
  }
  return rule + "}";
}

std::string what_would_change(const Policy& policy, const Question& question, const Effect& effect,
                              const Judgement& judgement) {
  const std::string profile{domain::enum_name(policy.profile)};
  const std::string rule{judgement.rule};
  if (judgement.origin == Origin::floor && judgement.verdict == Verdict::deny) {
    return "Nothing: this belongs to the floor, which no rule changes.";
  }
  if (judgement.origin == Origin::floor)
    return "No rule: this belongs to the floor. Somebody allows each call by itself.";
  if (judgement.verdict == Verdict::allow)
    return R"(A rule with "verdict": "ask" or "deny" in config/policy.json.)";
  if (judgement.origin == Origin::profile && judgement.verdict == Verdict::deny) {
    return "Only another profile: a rule does not undo a denial of the profile '" + profile + "'.";
  }
  if (judgement.origin == Origin::profile || judgement.origin == Origin::nothing) {
    return "A rule in config/policy.json allows what is like it: " + suggest(effect, question);
  }
  return "The rule '" + rule + "' of config/policy.json says so: change it there.";
}

}  // namespace

Explanation explain(const Policy& policy, const Question& question) {
  Explanation explanation;
  auto& decision = explanation.decision;
  auto analysis = analyse(question);
  const Folders folders{question};
  decision.verdict = Verdict::allow;
  decision.wrapper = analysis.wrapper;
  const Effect* deciding = nullptr;
  Judgement decided;
  for (const auto& effect : analysis.effects) {
    decision.classes.insert(effect.command_class);
    const auto judgement = judge(policy, question, folders, effect);
    explanation.findings.push_back(
        {.effect = effect, .verdict = judgement.verdict, .rule = full_name(policy, judgement)});
    const bool stricter = deciding == nullptr || judgement.verdict > decided.verdict;
    const bool heavier =
        deciding != nullptr && judgement.verdict == decided.verdict && weight(effect) > weight(*deciding);
    if (!stricter && !heavier) continue;
    deciding = &effect;
    decided = judgement;
  }
  if (deciding == nullptr) return explanation;
  decision.verdict = decided.verdict;
  decision.rule = full_name(policy, decided);
  decision.reason = "It " + deciding->why + ".";
  decision.what_would_change = what_would_change(policy, question, *deciding, decided);
  decision.executed_files = std::move(analysis.executed_files);
  return explanation;
}

Decision decide(const Policy& policy, const Question& question) { return explain(policy, question).decision; }

}  // namespace butler::policy
