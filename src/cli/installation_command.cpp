#include "cli/installation_command.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "cli/exit_code.hpp"
#include "cli/home.hpp"
#include "cli/local_secrets.hpp"
#include "cli/report.hpp"
#include "config/reference.hpp"
#include "config/systemd_environment.hpp"
#include "files/throw_errno.hpp"
#include "files/whole_file.hpp"

namespace butler::cli {

namespace fs = std::filesystem;

namespace {

constexpr const char* runtime_script = "tools/setup/runtime.sh";

/// Reads `<home>/.env` whatever else the process was started with.
config::Start from_home_alone(const config::Start& start) {
  config::Start reduced = start;
  reduced.variables.clear();
  const auto home = start.variables.find("BUTLER_HOME");
  if (home != start.variables.end()) reduced.variables.insert(*home);
  reduced.working_directory = config::load(reduced).place.home;
  return reduced;
}

template <class Settings>
config::Problems problems_in(const config::Decoded<Settings>& settings) {
  return settings ? config::Problems{} : settings.error();
}

config::Problems problems_of_role(const config::Loaded& loaded, config::Role role) {
  switch (role) {
    case config::Role::orchestrator: return problems_in(config::orchestrator_settings(loaded));
    case config::Role::gateway: return problems_in(config::gateway_settings(loaded));
    case config::Role::worker: return problems_in(config::worker_settings(loaded));
  }
  return {};
}

config::Role role_of(const std::string& name) {
  for (const auto role : {config::Role::orchestrator, config::Role::gateway}) {
    if (config::role_name(role) == name) return role;
  }
  return config::Role::worker;
}

int run_runtime_script() {
  const auto program = fs::read_symlink("/proc/self/exe");
  const auto script = find_runtime_script(program);
  if (!script) {
    std::fprintf(
        stderr,
        "butler: %s is missing beside %s, so the runtime cannot be installed. Install Butler again.\n",
        runtime_script, program.c_str());
    return exit_failure;
  }
  ::setenv("BUTLER_HOME", config::load(config::this_start()).place.home.c_str(), 1);
  std::string path = script->string();
  std::array<char*, 2> arguments{path.data(), nullptr};
  ::execv(path.c_str(), arguments.data());
  files::throw_errno(path);
}

}  // namespace

int write_role_environment(const config::Start& start, config::Role role, const fs::path& output) {
  const auto from_home = from_home_alone(start);
  auto loaded = config::load(from_home);
  make_files_private();
  std::error_code error;
  if (role == config::Role::orchestrator) prepare_home(from_home.working_directory);
  // Only the orchestrator knows that it is the first: a token that a worker elsewhere made up would fit
  // nothing.
  if (role == config::Role::orchestrator || fs::exists(from_home.working_directory / "secrets.env", error)) {
    add_local_secrets(loaded);
  }
  const auto problems = problems_of_role(loaded, role);
  if (!problems.empty()) {
    print_problems(problems);
    return exit_config;
  }
  files::write_whole_file(output, config::render_systemd_environment(
                                      config::select_variables(loaded.environment, loaded.place, role)));
  return exit_ok;
}

std::optional<fs::path> find_runtime_script(const fs::path& program) {
  const auto folder = program.parent_path();  // <prefix>/lib/butler, or build/<preset> of a checkout
  for (const auto& root : {folder, folder.parent_path().parent_path()}) {
    auto script = root / runtime_script;
    std::error_code error;
    if (fs::exists(script, error)) return script;
  }
  return std::nullopt;
}

void add_installation_commands(CLI::App& app, Action& chosen) {
  CLI::App* const config_group = app.get_subcommand("config");
  add_command(*config_group, "reference", "The text of docs/configuration.md.", chosen, [] {
    std::cout << config::render_reference();
    return exit_ok;
  });

  struct Given {
    std::string role;
    std::string output;
  };
  const auto given = std::make_shared<Given>();
  CLI::App* const environment = add_command(
      *config_group, "environment",
      "For systemd: write what one role may know of the home's .env, as an EnvironmentFile.", chosen,
      [given] { return write_role_environment(config::this_start(), role_of(given->role), given->output); });
  environment->add_option("--role", given->role, "The role.")
      ->required()
      ->check(CLI::IsMember({"orchestrator", "gateway", "worker"}));
  environment->add_option("--output", given->output, "The file to write; only its owner can read it.")
      ->required();

  CLI::App* const runtime = add_group(app, "runtime", "The pinned Node.js, pi and mcporter.");
  add_command(*runtime, "install",
              "Install them into <home>/runtime, from npm; does nothing when they are there.", chosen,
              run_runtime_script);
}

}  // namespace butler::cli
