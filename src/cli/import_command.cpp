#include "cli/import_command.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <ostream>
#include <stdexcept>

#include "cli/exit_code.hpp"
#include "cli/home.hpp"
#include "cli/quiet_home.hpp"
#include "files/small_file.hpp"
#include "gateway/main.hpp"
#include "json/value.hpp"
#include "orchestrator/main.hpp"
#include "process/role.hpp"

namespace butler::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t file_limit = 1'024UL * 1'024 * 1'024;

/// What was read of one file, and what was not.
struct Source {
  json::Value content = nullptr;
  bool exists = false;
  std::string fault = {};
};

Source read_source(const fs::path& file) {
  const auto read = files::read_small_file(file, file_limit);
  if (!read && read.error() == std::errc::no_such_file_or_directory) return {};
  if (!read) return {.exists = true, .fault = file.string() + ": " + read.error().message()};
  auto content = json::parse(read->text);
  if (!content) {
    return {.exists = true,
            .fault = file.string() + " is no JSON, or was only half written: nothing of it is taken over"};
  }
  return {.content = std::move(*content), .exists = true};
}

json::Array as_json(const std::vector<std::string>& sentences) {
  json::Array all;
  for (const auto& sentence : sentences) all.emplace_back(sentence);
  return all;
}

/// The reports of both roles.
struct Report {
  domain::TakenOver jobs = {};
  domain::TakenOver people = {};
  std::vector<std::string> faults = {};

  std::vector<std::string> refused() const {
    auto all = faults;
    for (const auto* const part : {&jobs, &people})
      all.insert(all.end(), part->refused.begin(), part->refused.end());
    return all;
  }
};

void print(const Report& report, Format format, std::ostream& out) {
  const auto refused = report.refused();
  if (format == Format::json) {
    out << json::serialize(json::Object{{"ok", refused.empty()},
                                        {"jobs", report.jobs.taken},
                                        {"peopleAndSessions", report.people.taken},
                                        {"known", report.jobs.known + report.people.known},
                                        {"changed", as_json(report.jobs.changed)},
                                        {"refused", as_json(refused)}})
        << '\n';
    return;
  }
  out << "Taken over: " << report.jobs.taken << " jobs, " << report.people.taken << " people and sessions.\n";
  if (const auto known = report.jobs.known + report.people.known; known > 0) {
    out << "Here already, and left as they are: " << known << ".\n";
  }
  for (const auto& sentence : report.jobs.changed) out << "Changed: " << sentence << ".\n";
  for (const auto& sentence : refused) out << "Not taken over: " << sentence << ".\n";
}

}  // namespace

int import_first_version(const config::Start& start, const fs::path& folder, Format format,
                         std::ostream& out) {
  make_files_private();
  const auto state = read_source(folder / "state.json");
  const auto pairings = read_source(folder / "pairings.json");
  const auto sessions = read_source(folder / "sessions.json");
  if (!state.exists && !pairings.exists && !sessions.exists) {
    throw std::runtime_error(
        folder.string() +
        " has no state.json, pairings.json or sessions.json: give the first version's data folder");
  }
  const auto loaded = config::load(start);
  for (const auto role : {config::Role::orchestrator, config::Role::gateway}) {
    if (!config::has_state_in_postgres(loaded.environment, role)) continue;
    throw std::runtime_error("the " + std::string{config::role_name(role)} +
                             "'s state is in PostgreSQL, and import knows SQLite only so far: nothing was "
                             "taken over");
  }
  const auto& home = loaded.place.home;
  prepare_home(home);
  const QuietHome quiet(home);
  if (::geteuid() == 0) process::drop_root(control_user);
  Report report;
  for (const auto* const source : {&state, &pairings, &sessions}) {
    if (!source->fault.empty()) report.faults.push_back(source->fault);
  }
  if (!state.content.is_null()) report.jobs = orchestrator::take_over_first_version(home, state.content);
  if (!pairings.content.is_null() || !sessions.content.is_null()) {
    report.people = gateway::take_over_first_version(home, pairings.content, sessions.content);
  }
  print(report, format, out);
  return report.refused().empty() ? exit_ok : exit_failure;
}

void add_import_command(CLI::App& app, Action& chosen) {
  struct Given {
    std::string folder;
    bool json = false;
  };
  const auto given = std::make_shared<Given>();
  CLI::App* const command = add_command(
      app, "import", "Take over the data folder of Butler's first version, while Butler is down.", chosen,
      [given] {
        return import_first_version(config::this_start(), given->folder, format_of(given->json), std::cout);
      });
  command->add_option("folder", given->folder, "The folder with state.json, pairings.json and sessions.json.")
      ->required();
  command->add_flag("--json", given->json, "As JSON.");
}

}  // namespace butler::cli
