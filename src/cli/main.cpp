#include "cli/main.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>

#include "cli/audit_command.hpp"
#include "cli/backup_command.hpp"
#include "cli/command_line.hpp"
#include "cli/config_command.hpp"
#include "cli/doctor_command.hpp"
#include "cli/exit_code.hpp"
#include "cli/export_command.hpp"
#include "cli/import_command.hpp"
#include "cli/installation_command.hpp"
#include "cli/job_command.hpp"
#include "cli/mcp_command.hpp"
#include "cli/migrate_command.hpp"
#include "cli/policy_command.hpp"
#include "cli/render_command.hpp"
#include "cli/role_start.hpp"
#include "cli/sandbox_command.hpp"
#include "cli/send_command.hpp"
#include "cli/setup_command.hpp"
#include "cli/shell_command.hpp"
#include "cli/status_command.hpp"
#include "cli/up.hpp"
#include "cli/vm_command.hpp"
#include "json/value.hpp"

namespace butler::cli {

namespace {

int print_version(Format format) {
  if (format == Format::json) {
    std::cout << json::serialize(json::Object{{"name", "butler"}, {"version", BUTLER_VERSION}}) << '\n';
  } else {
    std::cout << "butler " BUTLER_VERSION "\n";
  }
  return exit_ok;
}

void add_role_commands(CLI::App& app, Action& chosen) {
  add_command(app, "up", "Run Butler on this machine: the three roles, supervised.", chosen, run_up);
  add_command(app, "orchestrator", "Run the orchestrator alone: jobs, leases, the HTTP API.", chosen,
              [] { return start_role(config::Role::orchestrator); });
  add_command(app, "gateway", "Run the gateway alone: Telegram on one side, the orchestrator on the other.",
              chosen, [] { return start_role(config::Role::gateway); });
  add_command(app, "worker", "Run a worker alone: it claims jobs and runs the agent.", chosen,
              [] { return start_role(config::Role::worker); });
}

void add_version_command(CLI::App& app, Action& chosen) {
  const auto json = std::make_shared<bool>(false);
  add_command(app, "version", "The program's version.", chosen, [json] {
    return print_version(format_of(*json));
  })->add_flag("--json", *json, "As JSON.");
}

int run_command_line(int argc, char** argv) {
  Action chosen;
  CLI::App app{
      "Butler, a personal AI agent in Telegram. Configured by the environment and .env: `butler config "
      "list`.\n"
      "Exit status: 0 done, 1 failed, 2 wrong usage, 75 runs already, 78 wrong configuration, "
      "130 interrupted.",
      "butler"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "butler " BUTLER_VERSION, "Print the program's version and exit.");
  add_role_commands(app, chosen);
  add_setup_command(app, chosen);
  add_status_commands(app, chosen);
  add_job_commands(app, chosen);
  add_send_commands(app, chosen);
  add_pair_commands(app, chosen);
  add_config_commands(app, chosen);
  add_installation_commands(app, chosen);
  add_audit_commands(app, chosen);
  add_backup_commands(app, chosen);
  add_import_command(app, chosen);
  add_export_command(app, chosen);
  add_migrate_commands(app, chosen);
  add_sandbox_commands(app, chosen);
  add_policy_commands(app, chosen);
  add_mcp_commands(app, chosen);
  add_vm_commands(app, chosen);
  add_doctor_command(app, chosen);
  add_render_command(app, chosen);
  add_shell_commands(app, chosen);
  add_version_command(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_usage;
  }
  return chosen();
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
