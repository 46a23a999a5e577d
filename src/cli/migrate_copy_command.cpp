#include "cli/migrate_copy_command.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <ostream>
#include <stdexcept>

#include "cli/exit_code.hpp"
#include "cli/home.hpp"
#include "cli/quiet_home.hpp"
#include "json/value.hpp"
#include "log/log.hpp"
#include "migration/copy.hpp"
#include "process/role.hpp"
#include "store/migrations.hpp"
#include "terminal/progress.hpp"
#include "terminal/screen.hpp"
#include "terminal/table.hpp"

namespace butler::cli {

namespace {

using migration::Copied;
using migration::CopyPlace;
using migration::CopyTask;

std::string url_variable(config::Role role) {
  return role == config::Role::orchestrator ? "ORCH_DATABASE_URL" : "GATEWAY_DATABASE_URL";
}

CopyPlace place_of_file(const config::Loaded& loaded, config::Role role) {
  const bool jobs = role == config::Role::orchestrator;
  const auto file = loaded.place.home / (jobs ? "state.db" : "gateway.db");
  return {.name = file.string(),
          .file = file,
          .migrations = jobs ? store::orchestrator_migrations() : migration::gateway_migrations()};
}

CopyPlace place_of_server(const config::Loaded& loaded, config::Role role) {
  const bool jobs = role == config::Role::orchestrator;
  const auto& url = loaded.environment.at(url_variable(role)).value;
  log::redact(url);
  return {.name = "the database of " + url_variable(role),
          .url = url,
          .migrations =
              jobs ? store::orchestrator_postgres_migrations() : migration::gateway_postgres_migrations()};
}

CopyTask task_of(const config::Loaded& loaded, config::Role role, bool to_server) {
  CopyTask task{.role = std::string{config::role_name(role)},
                .source = place_of_file(loaded, role),
                .target = place_of_server(loaded, role),
                .differences = role == config::Role::orchestrator ? migration::orchestrator_differences()
                                                                  : migration::gateway_differences()};
  if (!to_server) std::swap(task.source, task.target);
  return task;
}

/// What is to be copied. Throws std::runtime_error when no server is named for it.
std::vector<CopyTask> find_tasks(const config::Loaded& loaded, const CopyChoice& choice) {
  std::vector<CopyTask> tasks;
  for (const auto role : {config::Role::orchestrator, config::Role::gateway}) {
    const bool asked = choice.role == config::role_name(role);
    if (!asked && !choice.role.empty()) continue;
    if (config::has_state_in_postgres(loaded.environment, role)) {
      tasks.push_back(task_of(loaded, role, choice.to == "postgresql"));
    } else if (asked) {
      throw std::runtime_error(url_variable(role) + " is not set: the settings have to name the database");
    }
  }
  if (!tasks.empty()) return tasks;
  throw std::runtime_error(
      "neither ORCH_DATABASE_URL nor GATEWAY_DATABASE_URL is set: the settings have to name the database");
}

json::Object to_object(const CopyTask& task, const Copied& copied) {
  json::Object rows;
  for (const auto& [table, count] : copied.tables) rows[table] = count;
  return {{"role", task.role},
          {"from", task.source.name},
          {"to", task.target.name},
          {"rows", std::move(rows)},
          {"textsChanged", copied.replaced}};
}

void print_copies_as_json(const std::vector<CopyTask>& tasks, const std::vector<Copied>& copies,
                          const CopyChoice& choice, std::ostream& out) {
  json::Array databases;
  for (std::size_t at = 0; at < tasks.size(); ++at) {
    databases.emplace_back(to_object(tasks[at], copies[at]));
  }
  out << json::serialize(
             json::Object{{"ok", true}, {"dryRun", choice.dry_run}, {"databases", std::move(databases)}})
      << '\n';
}

void print_copy(const CopyTask& task, const Copied& copied, bool dry_run, std::ostream& out) {
  out << task.role << ": from " << task.source.name << " to " << task.target.name << '\n';
  std::vector<terminal::Row> rows;
  std::int64_t all = 0;
  for (const auto& [table, count] : copied.tables) {
    rows.push_back({"  " + table, std::to_string(count)});
    all += count;
  }
  rows.push_back({"  all rows", std::to_string(all)});
  out << terminal::render_table(rows);
  if (copied.replaced > 0) {
    out << "  " << copied.replaced
        << " texts had the character U+0000, which PostgreSQL cannot keep: it is U+FFFD there.\n";
  }
  if (!dry_run) out << "  Each table has as many rows in both.\n";
}

void print_copies(const std::vector<CopyTask>& tasks, const std::vector<Copied>& copies,
                  const CopyChoice& choice, std::ostream& out) {
  for (std::size_t at = 0; at < tasks.size(); ++at) print_copy(tasks[at], copies[at], choice.dry_run, out);
  if (choice.dry_run) {
    out << "Nothing was changed in the databases: without --dry-run this would be copied.\n";
    return;
  }
  out << "What was copied from is as it was. "
      << (choice.to == "postgresql" ? "Butler uses PostgreSQL from its next start on."
                                    : "Butler uses the files once the settings name no server any more.")
      << '\n';
}

std::vector<Copied> copy_with_progress(const std::vector<CopyTask>& tasks, bool shown) {
  terminal::Progress line(std::cerr, terminal::Screen::of(STDERR_FILENO));
  return migration::copy_databases(tasks,
                                   [&](const std::string& role, const std::string& table, std::int64_t rows) {
                                     if (shown) line.show(role + ": " + table + ": " + std::to_string(rows));
                                   });
}

}  // namespace

int copy_state(const config::Start& start, const CopyChoice& choice, Format format, std::ostream& out) {
  make_files_private();
  const auto loaded = config::load(start);
  const auto tasks = find_tasks(loaded, choice);
  const auto& home = loaded.place.home;
  if (!choice.dry_run || !std::filesystem::exists(home)) prepare_home(home);
  const QuietHome quiet(home, Databases::held);
  if (::geteuid() == 0) process::drop_root(control_user);
  const bool shown = ::isatty(STDERR_FILENO) == 1 && format == Format::text;
  const auto copies = choice.dry_run ? migration::look_at_copy(tasks) : copy_with_progress(tasks, shown);
  if (format == Format::json) {
    print_copies_as_json(tasks, copies, choice, out);
  } else {
    print_copies(tasks, copies, choice, out);
  }
  return exit_ok;
}

void add_migrate_copy_command(CLI::App& group, Action& chosen) {
  struct Given {
    CopyChoice choice = {};
    bool json = false;
  };
  const auto given = std::make_shared<Given>();
  CLI::App* const command = add_command(
      group, "copy",
      "All state from SQLite to PostgreSQL or back, while Butler is down; counts are compared.", chosen,
      [given] { return copy_state(config::this_start(), given->choice, format_of(given->json), std::cout); });
  command->add_option("--to", given->choice.to, "Where to: postgresql or sqlite.")
      ->required()
      ->check(CLI::IsMember({"postgresql", "sqlite"}));
  command
      ->add_option("--role", given->choice.role,
                   "Only this role's: orchestrator or gateway. Without it, of each whose database is set.")
      ->check(CLI::IsMember({"orchestrator", "gateway"}));
  command->add_flag("--dry-run", given->choice.dry_run,
                    "Only say what would be copied, and what is in the way.");
  command->add_flag("--json", given->json, "As JSON.");
}

}  // namespace butler::cli
