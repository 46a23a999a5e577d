#include "policy/policy_text.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <utility>

#include "domain/embedded_file.hpp"
#include "policy/describe.hpp"

namespace butler::policy {

std::span<const domain::EmbeddedFile> profile_files();  // made of profiles/*.json by the build

namespace {

/// The wire's shape of a rule, a layer and the file.
struct RuleText {
  std::string name;
  Verdict verdict = Verdict::ask;
  std::optional<std::vector<Requester>> roles;
  std::optional<std::vector<std::string>> requesters;
  std::optional<std::vector<domain::JobKind>> kinds;
  std::optional<std::vector<std::string>> tools;
  std::optional<std::vector<CommandClass>> classes;
  std::optional<std::vector<Place>> places;
  std::optional<std::vector<std::string>> commands;
  std::optional<std::vector<std::string>> paths;
  std::optional<std::vector<std::string>> hosts;
};

struct LayerText {
  std::optional<std::vector<RuleText>> rules;
  std::optional<std::vector<std::string>> hosts;
};

struct PolicyText {
  std::optional<Profile> profile;
  std::optional<std::vector<RuleText>> rules;
  std::optional<std::map<std::string, LayerText>> chats;
  std::optional<std::map<std::string, LayerText>> sessions;
  std::optional<std::map<std::string, std::vector<std::string>>> hosts;
};

BOOST_DESCRIBE_STRUCT(RuleText, (),
                      (name, verdict, roles, requesters, kinds, tools, classes, places, commands, paths,
                       hosts))
BOOST_DESCRIBE_STRUCT(LayerText, (), (rules, hosts))
BOOST_DESCRIBE_STRUCT(PolicyText, (), (profile, rules, chats, sessions, hosts))

using Problems = std::vector<json::Problem>;

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Members that the type does not have, and those that are null: the decoder takes both for absent.
template <class T>
void check_members(const json::Value& value, const std::string& path, Problems& problems) {
  const auto* const object = value.if_object();
  if (object == nullptr) return;
  for (const auto& member : *object) {
    bool known = false;
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto described) { known = known || member.key() == described.name; });
    const auto place = path + std::string{member.key()};
    if (!known) problems.push_back({place, "is not known here"});
    if (member.value().is_null()) problems.push_back({place, "must not be null"});
  }
}

void check_rules(const json::Value& layer, const std::string& path, Problems& problems) {
  const auto* const rules = json::find(layer, "rules");
  const auto* const list = rules == nullptr ? nullptr : rules->if_array();
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->size(); ++i) {
    check_members<RuleText>((*list)[i], path + "rules/" + std::to_string(i) + '/', problems);
  }
}

void check_layers(const json::Value& root, std::string_view name, Problems& problems) {
  const auto* const layers = json::find(root, name);
  const auto* const object = layers == nullptr ? nullptr : layers->if_object();
  if (object == nullptr) return;
  for (const auto& layer : *object) {
    const auto path = std::string{name} + '/' + std::string{layer.key()} + '/';
    check_members<LayerText>(layer.value(), path, problems);
    check_rules(layer.value(), path, problems);
  }
}

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
                  c == ':';
         });
}

bool is_host_pattern(std::string_view text) {
  return is_host(text.starts_with("*.") ? text.substr(2) : text);
}

void lower(std::vector<std::string>& texts) {
  for (auto& text : texts) {
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  }
}

/// Builds rules and layers from their text, and reports what is wrong with them.
class Builder {
 public:
  explicit Builder(Problems& problems) : problems_(problems) {}

  std::vector<Rule> rules(std::optional<std::vector<RuleText>>&& texts, const std::string& path) {
    std::vector<Rule> rules;
    if (!texts) return rules;
    std::set<std::string> names;
    for (std::size_t i = 0; i < texts->size(); ++i) {
      path_ = path + "rules/" + std::to_string(i) + '/';
      auto& text = (*texts)[i];
      if (!names.insert(text.name).second) report("name", "is used twice here");
      rules.push_back(rule(std::move(text)));
    }
    return rules;
  }

  std::vector<std::string> hosts(std::optional<std::vector<std::string>>&& texts, const std::string& path) {
    if (!texts) return {};
    lower(*texts);
    path_ = path;
    for (std::size_t i = 0; i < texts->size(); ++i) {
      if (!is_host_pattern((*texts)[i])) report(std::to_string(i), "is no host name, and no *. with one");
    }
    return *std::move(texts);
  }

  std::map<std::string, Layer> layers(std::optional<std::map<std::string, LayerText>>&& texts,
                                      const std::string& name) {
    std::map<std::string, Layer> layers;
    if (!texts) return layers;
    for (auto& [key, text] : *texts) {
      const auto path = name + '/' + key + '/';
      layers[key] = {.rules = rules(std::move(text.rules), path),
                     .hosts = hosts(std::move(text.hosts), path + "hosts/")};
    }
    return layers;
  }

 private:
  void report(const std::string& member, std::string message) {
    problems_.push_back({path_ + member, std::move(message)});
  }

  template <class T>
  std::vector<T> list(std::optional<std::vector<T>>&& texts, const std::string& member) {
    if (!texts) return {};
    if (texts->empty()) report(member, "must not be empty: leave it out to mean all");
    return *std::move(texts);
  }

  Rule rule(RuleText&& text) {
    Rule rule{.name = std::move(text.name),
              .verdict = text.verdict,
              .roles = list(std::move(text.roles), "roles"),
              .requesters = list(std::move(text.requesters), "requesters"),
              .kinds = list(std::move(text.kinds), "kinds"),
              .tools = list(std::move(text.tools), "tools"),
              .classes = list(std::move(text.classes), "classes"),
              .places = list(std::move(text.places), "places"),
              .commands = list(std::move(text.commands), "commands"),
              .paths = list(std::move(text.paths), "paths"),
              .hosts = list(std::move(text.hosts), "hosts")};
    lower(rule.hosts);
    check(rule);
    return rule;
  }

  void check(const Rule& rule) {
    const bool named = !rule.name.empty() && std::ranges::all_of(rule.name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
             c == '_' || c == '.';
    });
    if (!named) report("name", "must be letters, digits, '-', '_' and '.'");
    check_each(
        "requesters", rule.requesters, [](auto& id) { return is_digits(id); }, "is no id: digits only");
    check_each(
        "tools", rule.tools, [](auto& tool) { return !tool.empty() && tool.find('*') >= tool.size() - 1; },
        "may have a '*' at its end only");
    check_each(
        "commands", rule.commands, [](auto& words) { return is_command(words); },
        "must be words with one blank between them");
    check_each(
        "paths", rule.paths, [](auto& path) { return is_path(path); },
        "must not hold '..', '[', '//' or a '/' at its end");
    check_each(
        "hosts", rule.hosts, [](auto& host) { return host == "*" || is_host_pattern(host); },
        "is no host name, no *. with one, and not '*'");
    const bool means_all = rule.tools.empty() && rule.classes.empty() && rule.places.empty() &&
                           rule.commands.empty() && rule.paths.empty() && rule.hosts.empty();
    if (rule.verdict == Verdict::allow && means_all) {
      report("verdict", "would allow everything: name tools, classes, places, commands, paths or hosts");
    }
  }

  template <class Texts, class Check>
  void check_each(const std::string& member, const Texts& texts, const Check& is_right,
                  const std::string& message) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (!is_right(texts[i])) report(member + '/' + std::to_string(i), message);
    }
  }

  static bool is_command(std::string_view words) {
    return !words.empty() && words.front() != ' ' && words.back() != ' ' &&
           words.find("  ") == std::string_view::npos &&
           words.find_first_of("\t\n") == std::string_view::npos;
  }

  static bool is_path(std::string_view path) {
    return !path.empty() && path.find("..") == std::string_view::npos &&
           path.find('[') == std::string_view::npos && path.find("//") == std::string_view::npos &&
           !path.ends_with('/') && !path.starts_with("./");
  }

  Problems& problems_;
  std::string path_;
};

void check_keys(const Policy& policy, Problems& problems) {
  for (const auto& [key, layer] : policy.chats) {
    const bool negative = key.starts_with('-');
    if (!is_digits(std::string_view{key}.substr(negative ? 1 : 0)))
      problems.push_back({"chats/" + key, "is no chat id"});
  }
  for (const auto& [key, hosts] : policy.workspace_hosts) {
    const bool one = (key.starts_with("person:") && is_digits(std::string_view{key}.substr(7))) ||
                     (key.starts_with("group:") && is_digits(std::string_view{key}.substr(6)));
    if (!one && key != "owners" && key != "everyone") {
      problems.push_back({"hosts/" + key, "is none of owners, everyone, person:<id>, group:<id>"});
    }
  }
}

std::expected<Policy, Problems> build(std::string_view text) {
  const auto root = json::parse(text);
  if (!root) return std::unexpected(Problems{{"", root.error()}});
  Problems problems;
  check_members<PolicyText>(*root, "", problems);
  check_rules(*root, "", problems);
  check_layers(*root, "chats", problems);
  check_layers(*root, "sessions", problems);
  auto decoded = json::decode<PolicyText>(*root);
  if (!decoded) problems.insert(problems.end(), decoded.error().begin(), decoded.error().end());
  if (!problems.empty()) return std::unexpected(std::move(problems));
  Builder builder{problems};
  Policy policy{.profile = decoded->profile.value_or(Profile::balanced), .profile_rules = {}};
  policy.global.rules = builder.rules(std::move(decoded->rules), "");
  policy.chats = builder.layers(std::move(decoded->chats), "chats");
  policy.sessions = builder.layers(std::move(decoded->sessions), "sessions");
  if (decoded->hosts) {
    for (auto& [key, hosts] : *decoded->hosts) {
      policy.workspace_hosts[key] = builder.hosts(std::move(hosts), "hosts/" + key + '/');
    }
  }
  check_keys(policy, problems);
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return policy;
}

/// The rules of a profile; a mistake in one of ours is a fault.
std::vector<Rule> rules_of(Profile profile) {
  const auto name = std::string{domain::enum_name(profile)} + ".json";
  for (const auto& file : profile_files()) {
    if (file.name != name) continue;
    auto policy = build(file.content);
    if (!policy) throw std::logic_error("the profile " + name + ": " + to_text(policy.error()));
    return std::move(policy->global.rules);
  }
  throw std::logic_error("there is no profile " + name);
}

template <class T>
std::optional<std::vector<T>> unless_empty(const std::vector<T>& list) {
  return list.empty() ? std::nullopt : std::optional{list};
}

json::Value to_json(const std::vector<Rule>& rules) {
  json::Array all;
  for (const auto& rule : rules) {
    all.push_back(json::encode(RuleText{.name = rule.name,
                                        .verdict = rule.verdict,
                                        .roles = unless_empty(rule.roles),
                                        .requesters = unless_empty(rule.requesters),
                                        .kinds = unless_empty(rule.kinds),
                                        .tools = unless_empty(rule.tools),
                                        .classes = unless_empty(rule.classes),
                                        .places = unless_empty(rule.places),
                                        .commands = unless_empty(rule.commands),
                                        .paths = unless_empty(rule.paths),
                                        .hosts = unless_empty(rule.hosts)}));
  }
  return all;
}

json::Value to_json(const std::vector<std::string>& texts) {
  json::Array all;
  for (const auto& text : texts) all.emplace_back(text);
  return all;
}

json::Value to_json(const std::map<std::string, Layer>& layers) {
  json::Object all;
  for (const auto& [key, layer] : layers) {
    all[key] = json::Object{{"rules", to_json(layer.rules)}, {"hosts", to_json(layer.hosts)}};
  }
  return all;
}

}  // namespace

std::expected<Policy, Problems> parse_policy(std::string_view text) {
  auto policy = build(text);
  if (policy) policy->profile_rules = rules_of(policy->profile);
  return policy;
}

Policy builtin_policy(Profile profile) { return {.profile = profile, .profile_rules = rules_of(profile)}; }

std::string to_text(const Problems& problems) {
  std::string text;
  for (const auto& problem : problems) {
    if (!text.empty()) text += "; ";
    text += problem.path.empty() ? problem.message : problem.path + ": " + problem.message;
  }
  return text;
}

std::string initial_policy(Profile profile) {
  return "{\n  \"profile\": \"" + std::string{domain::enum_name(profile)} +
         "\",\n  \"rules\": [],\n  \"chats\": {},\n  \"sessions\": {},\n  \"hosts\": {\"owners\": []}\n}\n";
}

json::Value to_json(const Policy& policy) {
  json::Object hosts;
  for (const auto& [key, list] : policy.workspace_hosts) hosts[key] = to_json(list);
  return json::Object{
      {"profile", domain::enum_name(policy.profile)}, {"profileRules", to_json(policy.profile_rules)},
      {"rules", to_json(policy.global.rules)},        {"chats", to_json(policy.chats)},
      {"sessions", to_json(policy.sessions)},         {"hosts", std::move(hosts)}};
}

}  // namespace butler::policy
