#include "cli/policy_command.hpp"

#include <CLI/CLI.hpp>
#include <expected>
#include <iostream>
#include <memory>
#include <utility>

#include "cli/exit_code.hpp"
#include "cli/home.hpp"
#include "cli/local_secrets.hpp"
#include "domain/enum_name.hpp"
#include "files/whole_file.hpp"
#include "json/value.hpp"
#include "mcp_wrappers/places.hpp"
#include "policy/describe.hpp"
#include "policy/explanation.hpp"
#include "policy/policy_text.hpp"
#include "policy_file/policy_file.hpp"

namespace butler::cli {

namespace fs = std::filesystem;

namespace {

struct InForce {
  policy::Policy policy;
  bool from_file = false;
};

std::expected<InForce, std::string> in_force(const config::Loaded& loaded) {
  auto read = policy_file::read_policy(policy_file::policy_path(loaded.place.home));
  if (!read) return std::unexpected(read.error());
  if (!*read) return InForce{.policy = policy::builtin_policy(policy::Profile::balanced)};
  return InForce{.policy = **std::move(read), .from_file = true};
}

int complain(const std::string& problem) {
  std::cerr << "butler: " << problem << '\n';
  return exit_config;
}

template <class Value>
std::string joined(const std::vector<Value>& values) {
  std::string text;
  for (const auto& value : values) {
    if (!text.empty()) text += ", ";
    if constexpr (std::is_enum_v<Value>) {
      text += domain::enum_name(value);
    } else {
      text += value;
    }
  }
  return text;
}

void print(const policy::Rule& rule, std::ostream& out) {
  out << "  " << domain::enum_name(rule.verdict) << "  " << rule.name;
  const auto add = [&](const char* name, const std::string& values) {
    if (!values.empty()) out << "; " << name << ": " << values;
  };
  add("roles", joined(rule.roles));
  add("requesters", joined(rule.requesters));
  add("kinds", joined(rule.kinds));
  add("tools", joined(rule.tools));
  add("classes", joined(rule.classes));
  add("places", joined(rule.places));
  add("commands", joined(rule.commands));
  add("paths", joined(rule.paths));
  add("hosts", joined(rule.hosts));
  out << '\n';
}

void print(const std::string& title, const policy::Layer& layer, std::ostream& out) {
  if (layer.rules.empty() && layer.hosts.empty()) return;
  out << title << '\n';
  for (const auto& rule : layer.rules) print(rule, out);
  if (!layer.hosts.empty()) out << "  hosts: " << joined(layer.hosts) << '\n';
}

fs::path workspace_of(const config::Loaded& loaded, const PolicyQuestion& asked) {
  if (!asked.workspace.empty()) return fs::absolute(asked.workspace);
  const auto settings = config::worker_settings(with_trial_secrets(loaded));
  return settings ? settings->workspace : loaded.place.home / "workspace";
}

std::string tool_of(const PolicyQuestion& asked) {
  if (!asked.tool.empty()) return asked.tool;
  if (!asked.host.empty()) return "network";
  return asked.path.empty() ? "bash" : "read";
}

policy::Question question_of(const config::Loaded& loaded, const PolicyQuestion& asked) {
  const auto& home = loaded.place.home;
  policy::Question question;
  question.role = domain::enum_from_name<policy::Requester>(asked.role).value_or(policy::Requester::person);
  question.requester_id = asked.requester;
  question.chat_id = asked.chat;
  question.session_key = asked.session;
  question.kind = domain::enum_from_name<domain::JobKind>(asked.kind).value_or(domain::JobKind::task);
  question.tool = tool_of(asked);
  std::string command;
  for (const auto& word : asked.words) command += command.empty() ? word : ' ' + word;
  if (question.tool == "bash") question.command = std::move(command);
  if (!asked.path.empty()) question.path = asked.path;
  if (!asked.host.empty()) question.host = asked.host;
  question.workspace = workspace_of(loaded, asked).string();
  question.cwd = question.workspace;
  question.agent_home = (home / "agent" / "home").string();
  question.scratch = (home / "agent" / "tmp" / "example").string();
  question.butler_home = home.string();
  question.readable = {(home / "agent" / "skills").string(), loaded.place.default_runtime.string()};
  const auto wrappers = mcp_wrappers::find_places(loaded).bin;
  for (const auto& folder : mcp_wrappers::folders_for_agents(wrappers))
    question.readable.push_back(folder.string());
  return question;
}

json::Object to_json(const policy::Explanation& explanation) {
  json::Array classes;
  for (const auto one : explanation.decision.classes) classes.emplace_back(domain::enum_name(one));
  json::Array files;
  for (const auto& file : explanation.decision.executed_files) files.emplace_back(file);
  json::Array findings;
  for (const auto& finding : explanation.findings) {
    findings.push_back(json::Object{{"verdict", domain::enum_name(finding.verdict)},
                                    {"class", domain::enum_name(finding.effect.command_class)},
                                    {"why", finding.effect.why},
                                    {"rule", finding.rule}});
  }
  const auto& decision = explanation.decision;
  return {{"verdict", domain::enum_name(decision.verdict)},
          {"rule", decision.rule},
          {"reason", decision.reason},
          {"classes", std::move(classes)},
          {"wrapper", decision.wrapper},
          {"executedFiles", std::move(files)},
          {"whatWouldChange", decision.what_would_change},
          {"findings", std::move(findings)}};
}

void print(const policy::Explanation& explanation, const policy::Question& question, std::ostream& out) {
  const auto& decision = explanation.decision;
  out << domain::enum_name(decision.verdict) << ": " << decision.reason << "\nrule: " << decision.rule
      << "\nfound:\n";
  for (const auto& finding : explanation.findings) {
    out << "  " << domain::enum_name(finding.verdict) << "  "
        << domain::enum_name(finding.effect.command_class) << ": it " << finding.effect.why << "  ["
        << finding.rule << "]\n";
  }
  if (decision.wrapper)
    out << "It runs another program: it can be allowed once or for the session, never for always.\n";
  for (const auto& file : decision.executed_files)
    out << "It executes " << file << ": an approval holds for its content.\n";
  out << "what would change it: " << decision.what_would_change << "\nprofiles:";
  for (const auto profile :
       {policy::Profile::careful, policy::Profile::balanced, policy::Profile::trusting}) {
    const auto other = policy::decide(policy::builtin_policy(profile), question);
    out << ' ' << domain::enum_name(profile) << ' ' << domain::enum_name(other.verdict);
  }
  out << '\n';
}

}  // namespace

int init_policy(const config::Loaded& loaded, const PolicyInit& options, std::ostream& out) {
  const auto file = policy_file::policy_path(loaded.place.home);
  if (!options.force && fs::exists(fs::symlink_status(file))) {
    std::cerr << "butler: " << file.string() << " is there already; --force replaces it\n";
    return exit_failure;
  }
  prepare_home(loaded.place.home);
  fs::create_directories(file.parent_path());
  const auto profile =
      domain::enum_from_name<policy::Profile>(options.profile).value_or(policy::Profile::balanced);
  files::write_whole_file(file, policy::initial_policy(profile), 0644);
  out << file.string() << " is written, with the profile " << domain::enum_name(profile)
      << ". A running worker uses it from the next decision on.\n";
  return exit_ok;
}

int show_policy(const config::Loaded& loaded, Format format, std::ostream& out) {
  const auto read = in_force(loaded);
  if (!read) return complain(read.error());
  const auto& policy = read->policy;
  const auto file = policy_file::policy_path(loaded.place.home).string();
  if (format == Format::json) {
    auto shown = policy::to_json(policy).as_object();
    shown["file"] = read->from_file ? json::Value(file) : json::Value(nullptr);
    out << json::serialize(shown) << '\n';
    return exit_ok;
  }
  out << (read->from_file ? file : "There is no " + file + ": the profile balanced is in force.") << '\n';
  print("profile " + std::string{domain::enum_name(policy.profile)}, {.rules = policy.profile_rules}, out);
  print("global", policy.global, out);
  for (const auto& [chat, layer] : policy.chats) print("chat " + chat, layer, out);
  for (const auto& [session, layer] : policy.sessions) print("session " + session, layer, out);
  for (const auto& [key, hosts] : policy.workspace_hosts) {
    if (!hosts.empty()) out << "hosts of " << key << ": " << joined(hosts) << '\n';
  }
  out << "A deny counts wherever it stands; else session, chat, global, profile in this order, and the "
         "strictest in\n"
         "each; what nobody speaks of is asked. The floor holds whatever a rule says: Butler's own files are "
         "denied;\n"
         "other rights, secrets, guarded files, destruction elsewhere and what is not understood are asked "
         "at least.\n";
  return exit_ok;
}

int check_policy(const config::Loaded& loaded, const std::string& file, std::ostream& out) {
  const auto path = file.empty() ? policy_file::policy_path(loaded.place.home) : fs::path{file};
  const auto read = policy_file::read_policy(path);
  if (!read) return complain(read.error());
  if (!*read && !file.empty()) return complain("there is no file " + file);
  if (*read) {
    out << path.string() << " is right; its profile is " << domain::enum_name((*read)->profile) << ".\n";
  } else {
    out << "There is no " << path.string() << ": the profile balanced is in force.\n";
  }
  return exit_ok;
}

int explain_policy(const config::Loaded& loaded, const PolicyQuestion& asked, Format format,
                   std::ostream& out) {
  const auto read = in_force(loaded);
  if (!read) return complain(read.error());
  const auto question = question_of(loaded, asked);
  const auto explanation = policy::explain(read->policy, question);
  if (format == Format::json) {
    out << json::serialize(to_json(explanation)) << '\n';
  } else {
    print(explanation, question, out);
  }
  return exit_ok;
}

void add_policy_commands(CLI::App& app, Action& chosen) {
  /// What the options write to; lives as long as the commands.
  struct Given {
    PolicyInit init;
    PolicyQuestion question;
    std::string file;
    bool json = false;
  };
  const auto given = std::make_shared<Given>();
  const auto load = [] { return config::load(config::this_start()); };
  CLI::App* const group = add_group(app, "policy", "What the agent may do by itself, and what is asked for.");

  CLI::App* const init = add_command(*group, "init", "Write <home>/config/policy.json.", chosen,
                                     [=] { return init_policy(load(), given->init, std::cout); });
  init->add_option("--profile", given->init.profile, "What to start from.")
      ->check(CLI::IsMember({"careful", "balanced", "trusting"}));
  init->add_flag("--force", given->init.force, "Replace the file if it is there.");

  add_command(*group, "show", "The policy in force.", chosen, [=] {
    return show_policy(load(), format_of(given->json), std::cout);
  })->add_flag("--json", given->json, "As JSON.");

  add_command(*group, "check", "What is wrong with the file; exit status 78 when something is.", chosen, [=] {
    return check_policy(load(), given->file, std::cout);
  })->add_option("file", given->file, "Another file than the home's.");

  CLI::App* const explain =
      add_command(*group, "explain", "What would be decided about a call, by which rule, and why.", chosen,
                  [=] { return explain_policy(load(), given->question, format_of(given->json), std::cout); });
  auto& question = given->question;
  explain->add_flag("--json", given->json, "As JSON.");
  explain->add_option("--role", question.role, "Whose agent it is.")
      ->check(CLI::IsMember({"owner", "person", "group"}));
  explain->add_option("--requester", question.requester, "The id of who asks.");
  explain->add_option("--chat", question.chat, "The id of the chat.");
  explain->add_option("--session", question.session, "The session's key.");
  explain->add_option("--kind", question.kind, "The job's kind.")->check(CLI::IsMember({"task", "run"}));
  explain->add_option("--tool", question.tool,
                      "The tool: bash, read, write, edit, grep, find, ls, network, mcp__….");
  explain->add_option("--path", question.path, "The path that the tool is given.");
  explain->add_option("--host", question.host, "The host that is to be reached.");
  explain->add_option("--workspace", question.workspace, "Another workspace than the owners'.");
  explain->add_option("words", question.words, "The command, after --.");
}

}  // namespace butler::cli
