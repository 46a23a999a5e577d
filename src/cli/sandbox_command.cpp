#include "cli/sandbox_command.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <ostream>
#include <utility>

#include "cli/exit_code.hpp"
#include "cli/home.hpp"
#include "cli/local_secrets.hpp"
#include "cli/report.hpp"
#include "cli/sandbox_test_command.hpp"
#include "domain/mebibyte.hpp"
#include "json/value.hpp"
#include "process/role.hpp"
#include "sandbox/sandbox.hpp"
#include "vm_sandbox/vm_run.hpp"
#include "worker/main.hpp"

namespace butler::cli {

namespace {

/// Becomes what a worker is: the agent's user, in a home that is there, with the way into sandboxes open.
sandbox::InitProgram become_worker(const config::WorkerSettings& settings) {
  make_files_private();
  prepare_home(settings.home);
  prepare_agent_folder(settings.workspace);
  prepare_agent_folder(settings.session_root);
  auto init = sandbox::InitProgram::beside_this_program();
  process::drop_root(agent_user);
  return init;
}

using sandbox::Mount;
using sandbox::Tier;

std::string reachable(const worker::SandboxExplanation& explanation) {
  if (explanation.tier == Tier::none) return "everything that this user can reach";
  return "http://127.0.0.1:<port> only, which the worker serves: the model, and hosts as far as they are "
         "allowed";
}

/// "" for what this tier does not have.
std::string meaning_of(Mount::Kind kind, Tier tier) {
  switch (kind) {
    case Mount::Kind::read_only: return tier == Tier::vm ? "" : "readable";  // a machine has its own files
    case Mount::Kind::read_write: return "writable";
    case Mount::Kind::link: return "";
    case Mount::Kind::cover_file:
    case Mount::Kind::cover_folder: return "protected";
  }
  return "";
}

json::Object limits_of(const sandbox::Limits& limits) {
  return {{"memoryMb", limits.memory_bytes / domain::mebibyte},
          {"processes", limits.processes},
          {"fileMb", limits.file_bytes / domain::mebibyte},
          {"temporaryMb", limits.temporary_bytes / domain::mebibyte},
          {"workspaceMb", limits.workspace_bytes / domain::mebibyte},
          {"openFiles", limits.open_files}};
}

json::Object to_json(const worker::SandboxExplanation& explanation) {
  json::Object tiers;
  for (const auto tier : {Tier::vm, Tier::bwrap, Tier::landlock, Tier::none}) {
    const auto problem = sandbox::tier_problem(tier, explanation.choice, explanation.facts);
    tiers[sandbox::tier_name(tier)] = problem ? json::Value(*problem) : json::Value(nullptr);
  }
  json::Object object{
      {"wanted", explanation.choice.wanted ? sandbox::tier_name(*explanation.choice.wanted) : "auto"},
      {"problems", std::move(tiers)}};
  if (!explanation.tier) {
    object["tier"] = nullptr;
    object["error"] = explanation.tier.error();
    return object;
  }
  object["tier"] = sandbox::tier_name(*explanation.tier);
  for (const char* const name : {"readable", "writable", "protected"}) object[name] = json::Array{};
  for (const auto& mount : explanation.mounts.mounts) {
    const auto meaning = meaning_of(mount.kind, *explanation.tier);
    if (!meaning.empty()) object[meaning].as_array().emplace_back(mount.path.string());
  }
  object["reachable"] = reachable(explanation);
  object["limits"] = limits_of(explanation.spec.limits);
  return object;
}

void print(const json::Object& explained, std::ostream& out) {
  out << "WORKER_SANDBOX=" << explained.at("wanted").as_string().c_str() << '\n';
  for (const auto& [name, problem] : explained.at("problems").as_object()) {
    out << "  " << std::string{name} << ": "
        << (problem.is_null() ? "can be had" : problem.as_string().c_str()) << '\n';
  }
  if (explained.contains("error")) {
    out << explained.at("error").as_string().c_str() << '\n';
    return;
  }
  out << "Agents are contained by " << explained.at("tier").as_string().c_str() << ".\n";
  for (const char* const name : {"writable", "readable", "protected"}) {
    out << name << ":\n";
    for (const auto& path : explained.at(name).as_array()) out << "  " << path.as_string().c_str() << '\n';
  }
  out << "reachable: " << explained.at("reachable").as_string().c_str() << "\nlimits:\n";
  for (const auto& [name, value] : explained.at("limits").as_object()) {
    out << "  " << std::string{name} << ": " << json::serialize(value) << '\n';
  }
  out << "Nothing else of this machine is there: not Butler's state, keys and tokens, not the folders of "
         "others.\n";
}

}  // namespace

int explain_sandbox(const config::Loaded& loaded, Format format, std::ostream& out) {
  const auto settings = config::worker_settings(with_trial_secrets(loaded));
  if (!settings) {
    print_problems(settings.error());
    return exit_config;
  }
  const auto init = become_worker(*settings);
  const auto explanation = worker::explain_sandbox(*settings, init);
  const auto explained = to_json(explanation);
  if (format == Format::json) {
    out << json::serialize(explained) << '\n';
  } else {
    print(explained, out);
  }
  return explanation.tier ? exit_ok : exit_config;
}

int run_in_sandbox(const config::Loaded& loaded, std::vector<std::string> command) {
  const auto settings = config::worker_settings(with_trial_secrets(loaded));
  if (!settings) {
    print_problems(settings.error());
    return exit_config;
  }
  auto init = become_worker(*settings);
  try {
    return worker::run_in_sandbox(*settings, std::move(init), std::move(command));
  } catch (const worker::NoSandbox& fault) {
    std::cerr << "butler: " << fault.what() << '\n';
    return exit_config;
  }
}

void add_sandbox_commands(CLI::App& app, Action& chosen) {
  /// What the options write to; lives as long as the commands.
  struct Given {
    std::string tier;
    std::vector<std::string> words;  ///< a command to run
    bool json = false;
  };
  const auto given = std::make_shared<Given>();
  const auto load = [] { return config::load(config::this_start()); };
  CLI::App* const group = add_group(app, "sandbox", "How agents are contained on this machine.");
  add_command(*group, "run", "Run a command exactly as a job's agent would, in the workspace.", chosen,
              [=] { return run_in_sandbox(load(), given->words); })
      ->add_option("command", given->words, "The command and its arguments, behind --.")
      ->required();
  add_command(
      *group, "explain",
      "What contains agents here and why; what they see, write and reach; exit status 78 when nothing does.",
      chosen, [=] { return explain_sandbox(load(), format_of(given->json), std::cout); })
      ->add_flag("--json", given->json, "As JSON.");
  CLI::App* const test =
      add_command(*group, "test",
                  "Try to get out of the sandbox, and say what held; exit status 1 when something is open.",
                  chosen, [=] { return test_sandbox(given->tier, format_of(given->json), std::cout); });
  test->add_flag("--json", given->json, "As JSON.");
  test->add_option("--tier", given->tier, "Only this tier.")->check(CLI::IsMember({"bwrap", "landlock"}));
  // A worker's helper; an empty group keeps it out of the help.
  add_command(*group, "vm-run", "The process between a job and its virtual machine.", chosen,
              vm_sandbox::vm_run)
      ->group("");
}

}  // namespace butler::cli
