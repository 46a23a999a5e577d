#include "cli/backup_command.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <iostream>
#include <memory>
#include <ostream>
#include <stdexcept>

#include "backup/restore.hpp"
#include "backup/take.hpp"
#include "cli/exit_code.hpp"
#include "cli/home.hpp"
#include "cli/quiet_home.hpp"
#include "files/throw_errno.hpp"
#include "json/value.hpp"
#include "terminal/progress.hpp"
#include "terminal/screen.hpp"

namespace butler::cli {

namespace fs = std::filesystem;

namespace {

bool lies_in(const fs::path& file, const fs::path& folder) {
  const auto relative = file.lexically_normal().lexically_relative(folder.lexically_normal());
  return !relative.empty() && *relative.begin() != "..";
}

/// The configuration's own file, when a copy of the home does not hold it.
std::optional<fs::path> env_outside(const config::Start& start, const fs::path& home) {
  auto file = config::env_file_path(start);
  if (file.empty() || lies_in(file, home)) return std::nullopt;
  return file;
}

fs::path new_place(const fs::path& home, domain::Timestamp now) {
  const auto all = home / "backups";
  if (::mkdir(all.c_str(), 0700) != 0 && errno != EEXIST) files::throw_errno(all.string());
  auto name = domain::to_iso8601(now);
  std::erase_if(name, [](char c) { return c == ':' || c == '.' || c == '-'; });
  return all / name;
}

json::Array to_array(const std::vector<std::string>& names) {
  json::Array all;
  for (const auto& name : names) all.emplace_back(name);
  return all;
}

/// What is in a database of a server, and so not in the backup.
struct Elsewhere {
  bool jobs = false;
  bool conversations = false;
};

void print_taken(const backup::Taken& taken, const Elsewhere& elsewhere, std::ostream& out) {
  out << "The backup is complete: " << taken.folder.string() << " (" << taken.files << " files, "
      << (taken.bytes + 999'999) / 1'000'000 << " MB).\n";
  for (const auto& path : taken.left_out) out << "Left out, for it is no file: " << path << '\n';
  for (const auto& path : taken.vanished) out << "Gone before it was copied: " << path << '\n';
  if (elsewhere.jobs) {
    out << "The orchestrator's jobs are NOT in it: they are in the database of ORCH_DATABASE_URL. Back that "
           "up with pg_dump.\n";
  }
  if (elsewhere.conversations) {
    out << "The gateway's chats are NOT in it: they are in the database of GATEWAY_DATABASE_URL. Back that "
           "up with pg_dump.\n";
  }
  out << "It holds your secrets and your conversations: keep a copy on another machine, and keep it closed.\n"
      << "To check it: butler restore --check " << taken.folder.string() << '\n';
}

backup::Manifest manifest_of(const fs::path& folder) {
  auto manifest = backup::read_manifest(folder);
  if (!manifest) throw std::runtime_error(manifest.error());
  return std::move(*manifest);
}

int print_faults(const std::vector<std::string>& faults, const BackupOptions& options, std::ostream& out) {
  if (options.format == Format::json) {
    out << json::serialize(json::Object{{"ok", faults.empty()}, {"faults", to_array(faults)}}) << '\n';
  } else if (faults.empty()) {
    out << "The backup " << options.folder.string() << " is whole.\n";
  } else {
    out << "The backup " << options.folder.string() << " is NOT whole:\n";
    for (const auto& fault : faults) out << "  " << fault << '\n';
  }
  return faults.empty() ? exit_ok : exit_failure;
}

void print_restored(const backup::Restored& restored, const fs::path& home, Format format,
                    std::ostream& out) {
  if (format == Format::json) {
    json::Object answer{{"ok", true}, {"home", home.string()}, {"files", restored.files}};
    if (restored.replaced) answer["replaced"] = restored.replaced->string();
    out << json::serialize(answer) << '\n';
    return;
  }
  out << "Restored " << restored.files << " files to " << home.string() << ".\n";
  if (restored.replaced) out << "What was there lies in " << restored.replaced->string() << ".\n";
  out << "What can be made anew is not in a backup: butler doctor tells what is missing. Then start "
         "Butler.\n";
}

}  // namespace

int make_backup(const config::Start& start, const BackupOptions& options, std::ostream& out) {
  make_files_private();
  const auto loaded = config::load(start);
  const auto& home = loaded.place.home;
  const Elsewhere elsewhere{
      .jobs = config::has_state_in_postgres(loaded.environment, config::Role::orchestrator),
      .conversations = config::has_state_in_postgres(loaded.environment, config::Role::gateway)};
  const auto now = domain::wall_clock_now();
  const auto target = options.folder.empty() ? new_place(home, now) : fs::absolute(options.folder);
  backup::Source source{.home = home, .env_file = env_outside(start, home), .version = BUTLER_VERSION};
  std::error_code missing;
  if (source.env_file && !fs::exists(*source.env_file, missing)) source.env_file.reset();
  terminal::Progress progress(std::cerr, terminal::Screen::of(STDERR_FILENO));
  const bool shown = ::isatty(STDERR_FILENO) == 1 && options.format == Format::text;
  const auto taken = backup::take(source, target, now, [&](const std::string& path) {
    if (shown) progress.show(path);
  });
  progress.clear();
  if (options.format == Format::text) {
    print_taken(taken, elsewhere, out);
  } else {
    out << json::serialize(json::Object{{"ok", true},
                                        {"folder", taken.folder.string()},
                                        {"files", taken.files},
                                        {"bytes", taken.bytes},
                                        {"jobsElsewhere", elsewhere.jobs},
                                        {"conversationsElsewhere", elsewhere.conversations},
                                        {"leftOut", to_array(taken.left_out)},
                                        {"vanished", to_array(taken.vanished)}})
        << '\n';
  }
  return exit_ok;
}

int restore_backup(const config::Start& start, const BackupOptions& options, std::ostream& out) {
  make_files_private();
  const auto folder = fs::absolute(options.folder);
  const auto manifest = manifest_of(folder);
  const auto faults = backup::find_faults(folder, manifest);
  if (options.only_check || !faults.empty()) return print_faults(faults, options, out);
  const auto home = config::load(start).place.home;
  prepare_home(home);
  {
    const QuietHome quiet(home, Databases::held);
    const auto restored = backup::restore(
        folder, manifest, {.home = home, .env_file = env_outside(start, home), .replace = options.replace},
        domain::wall_clock_now());
    if (!restored) throw std::runtime_error(restored.error());
    print_restored(*restored, home, options.format, out);
  }
  prepare_home(home);
  return exit_ok;
}

void add_backup_commands(CLI::App& app, Action& chosen) {
  struct Given {
    BackupOptions options;
    bool json = false;

    const BackupOptions& complete() {
      options.format = format_of(json);
      return options;
    }
  };
  const auto given = std::make_shared<Given>();
  CLI::App* const save =
      add_command(app, "backup", "Copy all that cannot be made anew, checked, while Butler runs.", chosen,
                  [given] { return make_backup(config::this_start(), given->complete(), std::cout); });
  save->add_option("folder", given->options.folder, "The folder to make [<home>/backups/<time>].");
  save->add_flag("--json", given->json, "As JSON.");
  CLI::App* const back =
      add_command(app, "restore", "Put a backup in its place, while Butler is down.", chosen,
                  [given] { return restore_backup(config::this_start(), given->complete(), std::cout); });
  back->add_option("folder", given->options.folder, "The folder of the backup.")->required();
  back->add_flag("--check", given->options.only_check, "Only look whether it is whole.");
  back->add_flag("--replace", given->options.replace, "Move what is there aside, and keep it.");
  back->add_flag("--json", given->json, "As JSON.");
}

}  // namespace butler::cli
