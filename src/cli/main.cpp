#include "cli/main.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/audit_command.hpp"
#include "cli/config_command.hpp"
#include "cli/exit_code.hpp"
#include "cli/policy_command.hpp"
#include "cli/render_command.hpp"
#include "cli/role_start.hpp"
#include "cli/sandbox_command.hpp"
#include "cli/sandbox_test_command.hpp"
#include "cli/up.hpp"
#include "cli/vm_command.hpp"
#include "config/example.hpp"
#include "config/load.hpp"
#include "json/value.hpp"
#include "render/render.hpp"
#include "vm_sandbox/vm_run.hpp"

namespace butler::cli {

namespace {

/// What the options write to, and what the chosen command does with it.
struct CommandLine {
  bool json = false;
  std::string role;
  std::string tier;
  std::size_t limit = render::message_limit;
  AuditOptions audit;
  std::vector<std::string> words;  ///< a command to run
  std::function<int()> chosen;

  Format format() const { return json ? Format::json : Format::text; }
};

std::optional<config::Role> role_named(const std::string& name) {
  for (const auto role : {config::Role::orchestrator, config::Role::gateway, config::Role::worker}) {
    if (config::role_name(role) == name) return role;
  }
  return std::nullopt;
}

config::Loaded load_config() { return config::load(config::this_start()); }

int print_version(Format format) {
  if (format == Format::json) {
    std::cout << json::serialize(json::Object{{"name", "butler"}, {"version", BUTLER_VERSION}}) << '\n';
  } else {
    std::cout << "butler " BUTLER_VERSION "\n";
  }
  return exit_ok;
}

int print_example() {
  std::cout << config::render_env_example();
  return exit_ok;
}

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& meaning, CommandLine& line,
                      std::function<int()> action) {
  CLI::App* const command = app.add_subcommand(name, meaning);
  command->callback([&line, action = std::move(action)] { line.chosen = action; });
  return command;
}

void add_config_commands(CLI::App& app, CommandLine& line) {
  CLI::App* const config = app.add_subcommand("config", "Show and check the configuration.");
  config->require_subcommand(1);
  add_command(*config, "list", "Every variable: its value, where that comes from, and what it is for.", line,
              [&line] { return list_config(load_config(), line.format(), std::cout); })
      ->add_flag("--json", line.json, "As JSON.");
  CLI::App* const check = add_command(
      *config, "check", "Everything that is wrong or doubtful; exit status 78 when something is wrong.", line,
      [&line] { return check_config(load_config(), role_named(line.role), line.format(), std::cout); });
  check->add_flag("--json", line.json, "As JSON.");
  check->add_option("--role", line.role, "Only what this role needs, as when it is started by itself.")
      ->check(CLI::IsMember({"orchestrator", "gateway", "worker"}));
  add_command(*config, "example", "The text of .env.example.", line, print_example);
}

/// The options with the place of the socket.
const AuditOptions& audit_options(CommandLine& line) {
  line.audit.socket = load_config().place.home / "orchestrator.sock";
  return line.audit;
}

void add_audit_commands(CLI::App& app, CommandLine& line) {
  CLI::App* const audit = app.add_subcommand("audit", "Who did what: the orchestrator's audit log.");
  audit->require_subcommand(1);
  CLI::App* const show = add_command(*audit, "show", "The last rows, oldest first.", line, [&line] {
    return show_audit(audit_options(line), line.format(), std::cout);
  });
  show->add_flag("--json", line.json, "As JSON, a row per line.");
  show->add_option("--limit", line.audit.limit, "How many rows.")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000}));
  show->add_option("--job", line.audit.job, "Only what was done to the job of this id.");
  const std::string head = "A hash that was noted earlier and must be in the log.";
  add_command(*audit, "verify", "Compute the chain again; exit status 1 when a row does not fit.", line,
              [&line] { return verify_audit(audit_options(line), std::cout); })
      ->add_option("--head", line.audit.head, head);
  CLI::App* const save = add_command(*audit, "export", "Every row as a line of JSON, checked like verify.",
                                     line, [&line] { return export_audit(audit_options(line), std::cout); });
  save->add_option("--output", line.audit.output, "A file to write, instead of standard output.");
  save->add_option("--head", line.audit.head, head);
}

void add_sandbox_test(CLI::App& sandbox, CommandLine& line) {
  CLI::App* const test =
      add_command(sandbox, "test",
                  "Try to get out of the sandbox, and say what held; exit status 1 when something is open.",
                  line, [&line] { return test_sandbox(line.tier, line.format(), std::cout); });
  test->add_flag("--json", line.json, "As JSON.");
  test->add_option("--tier", line.tier, "Only this tier.")->check(CLI::IsMember({"bwrap", "landlock"}));
}

void add_sandbox_commands(CLI::App& app, CommandLine& line) {
  CLI::App* const sandbox = app.add_subcommand("sandbox", "How agents are contained on this machine.");
  sandbox->require_subcommand(1);
  add_command(*sandbox, "run", "Run a command exactly as a job's agent would, in the workspace.", line,
              [&line] { return run_in_sandbox(load_config(), line.words); })
      ->add_option("command", line.words, "The command and its arguments, behind --.")
      ->required();
  add_command(
      *sandbox, "explain",
      "What contains agents here and why; what they see, write and reach; exit status 78 when nothing does.",
      line, [&line] { return explain_sandbox(load_config(), line.format(), std::cout); })
      ->add_flag("--json", line.json, "As JSON.");
  add_sandbox_test(*sandbox, line);
  // A worker's helper; an empty group keeps it out of the help.
  add_command(*sandbox, "vm-run", "The process between a job and its virtual machine.", line,
              vm_sandbox::vm_run)
      ->group("");
}

void add_commands(CLI::App& app, CommandLine& line) {
  add_command(app, "up", "Run Butler on this machine: the three roles, supervised.", line, run_up);
  add_command(app, "orchestrator", "Run the orchestrator alone: jobs, leases, the HTTP API.", line,
              [] { return start_role(config::Role::orchestrator); });
  add_command(app, "gateway", "Run the gateway alone: Telegram on one side, the orchestrator on the other.",
              line, [] { return start_role(config::Role::gateway); });
  add_command(app, "worker", "Run a worker alone: it claims jobs and runs the agent.", line,
              [] { return start_role(config::Role::worker); });
  add_config_commands(app, line);
  add_audit_commands(app, line);
  add_sandbox_commands(app, line);
  add_policy_commands(app, line.chosen);
  add_vm_commands(app, line.chosen);
  add_command(app, "render", "Read Markdown, print the Telegram messages it becomes, as JSON.", line,
              [&line] { return render_messages(std::cin, line.limit, std::cout); })
      ->add_option("--limit", line.limit, "UTF-16 units a message may take.")
      ->check(CLI::Range(std::size_t{2}, std::size_t{1'000'000}));
  add_command(app, "version", "The program's version.", line, [&line] {
    return print_version(line.format());
  })->add_flag("--json", line.json, "As JSON.");
}

int run_command_line(int argc, char** argv) {
  CommandLine line;
  CLI::App app{
      "Butler, a personal AI agent in Telegram. Configured by the environment and .env: `butler config "
      "list`.\n"
      "Exit status: 0 done, 1 failed, 2 wrong usage, 75 runs already, 78 wrong configuration.",
      "butler"};
  app.require_subcommand(1);
  add_commands(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_usage;
  }
  return line.chosen();
}

}  // namespace

int run(int argc, char** argv) {
  try {
    return run_command_line(argc, argv);
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "butler: %s\n", fault.what());
    return exit_failure;
  }
}

}  // namespace butler::cli
