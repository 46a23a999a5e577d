#include "cli/export_command.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <ostream>
#include <stdexcept>

#include "backup/records.hpp"
#include "cli/exit_code.hpp"
#include "cli/home.hpp"
#include "json/value.hpp"
#include "log/log.hpp"
#include "terminal/progress.hpp"
#include "terminal/screen.hpp"

namespace butler::cli {

namespace fs = std::filesystem;

namespace {

void print_records(const backup::Records& records, const fs::path& folder, Format format, std::ostream& out) {
  if (format == Format::json) {
    json::Object counts;
    for (const auto& [name, count] : records.files) counts[name] = count;
    json::Array absent;
    for (const auto& name : records.absent) absent.emplace_back(name);
    out << json::serialize(json::Object{{"ok", true},
                                        {"folder", folder.string()},
                                        {"records", std::move(counts)},
                                        {"absent", std::move(absent)}})
        << '\n';
    return;
  }
  for (const auto& [name, count] : records.files) out << name << ": " << count << '\n';
  for (const auto& name : records.absent) out << name << " is not there yet: nothing of it is exported.\n";
  out << "The export is complete: " << folder.string()
      << ". It holds what people wrote and what was answered: keep it closed.\n";
}

/// The address of the server that has the role's state; "" for none. No log shows it from here on.
std::string server_of(const config::Environment& environment, config::Role role, const char* setting) {
  if (!config::has_state_in_postgres(environment, role)) return "";
  const std::string& url = environment.at(setting).value;
  log::redact(url);
  return url;
}

}  // namespace

int export_records(const config::Start& start, const fs::path& folder, Format format, std::ostream& out) {
  make_files_private();
  const auto loaded = config::load(start);
  backup::RecordSource source{.home = loaded.place.home, .version = BUTLER_VERSION};
  source.chats_url = server_of(loaded.environment, config::Role::gateway, "GATEWAY_DATABASE_URL");
  source.jobs_url = server_of(loaded.environment, config::Role::orchestrator, "ORCH_DATABASE_URL");
  const auto target = fs::absolute(folder);
  terminal::Progress progress(std::cerr, terminal::Screen::of(STDERR_FILENO));
  const bool shown = ::isatty(STDERR_FILENO) == 1 && format == Format::text;
  const auto records = backup::write_records(source, target, domain::wall_clock_now(),
                                             [&](const std::string& file, std::int64_t count) {
                                               if (shown) progress.show(file + ": " + std::to_string(count));
                                             });
  progress.clear();
  if (records.files.empty()) {
    std::error_code ignored;  // the sentence below is the one to tell
    fs::remove_all(target, ignored);
    throw std::runtime_error("there is nothing to export: Butler was never started in " +
                             loaded.place.home.string() + " (BUTLER_HOME names another home)");
  }
  print_records(records, target, format, out);
  return exit_ok;
}

void add_export_command(CLI::App& app, Action& chosen) {
  struct Given {
    std::string folder;
    bool json = false;
  };
  const auto given = std::make_shared<Given>();
  CLI::App* const command = add_command(
      app, "export", "Write all records as lines of JSON, for other programs, while Butler runs.", chosen,
      [given] {
        return export_records(config::this_start(), given->folder, format_of(given->json), std::cout);
      });
  command->add_option("folder", given->folder, "The folder to make.")->required();
  command->add_flag("--json", given->json, "As JSON.");
}

}  // namespace butler::cli
