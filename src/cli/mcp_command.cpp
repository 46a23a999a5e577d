#include "cli/mcp_command.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <expected>
#include <iostream>
#include <memory>
#include <utility>

#include "cli/exit_code.hpp"
#include "cli/mcp_site.hpp"
#include "files/small_file.hpp"
#include "files/whole_file.hpp"
#include "json/value.hpp"
#include "mcp_wrappers/edit.hpp"
#include "mcp_wrappers/names.hpp"
#include "mcp_wrappers/sync.hpp"

namespace butler::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_config_file = 1024UL * 1024;
constexpr mode_t config_file_mode = 0644;

int complain_of_mcp(const std::string& problem, int status = exit_failure) {
  std::cerr << "butler: " << problem << '\n';
  return status;
}

std::string joined_names(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

json::Array to_array(const std::vector<std::string>& texts) {
  json::Array array;
  for (const auto& text : texts) array.emplace_back(text);
  return array;
}

// ---- the two files ---------------------------------------------------------------------------------------

std::expected<files::SmallFile, std::string> read_for_editing(const fs::path& file) {
  auto read = files::read_small_file(file, longest_config_file);
  if (read) return *std::move(read);
  if (read.error() == std::errc::no_such_file_or_directory)
    return std::unexpected("there is no " + file.string() + "; `butler mcp init` makes one");
  return std::unexpected(file.string() + " cannot be read: " + read.error().message());
}

/// Both files get their new texts, or neither. They keep their permissions.
template <class Change>
std::expected<void, std::string> edit_both(const mcp_wrappers::Places& places, const Change& change) {
  const auto manifest = read_for_editing(places.manifest);
  if (!manifest) return std::unexpected(manifest.error());
  const auto servers = read_for_editing(places.servers);
  if (!servers) return std::unexpected(servers.error());
  const auto after = change(mcp_wrappers::Texts{.manifest = manifest->text, .servers = servers->text});
  if (!after) return std::unexpected(after.error());
  files::write_whole_file(places.servers, after->servers, servers->mode);
  try {
    files::write_whole_file(places.manifest, after->manifest, manifest->mode);
  } catch (const std::exception&) {
    files::write_whole_file(places.servers, servers->text, servers->mode);
    throw;
  }
  return {};
}

/// `--env NAME` asks for the caller's value when the wrapper runs, `--env NAME=VALUE` says it.
std::expected<json::Object, std::string> environment_of(const std::vector<std::string>& given) {
  json::Object environment;
  for (const auto& word : given) {
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    const auto asked = mcp_wrappers::variables_in("${" + name + "}");
    if (asked.size() != 1 || asked.front() != name)
      return std::unexpected("--env " + word + ": expected NAME or NAME=VALUE");
    environment[name] = equals == std::string::npos ? "${" + name + "}" : word.substr(equals + 1);
  }
  return environment;
}

std::expected<json::Object, std::string> definition_of(const McpEntry& entry) {
  if (entry.command.empty() == entry.url.empty()) return std::unexpected("give either --command or --url");
  json::Object definition;
  if (!entry.description.empty()) definition["description"] = entry.description;
  if (!entry.url.empty()) {
    if (!entry.arguments.empty() || !entry.environment.empty())
      return std::unexpected("--arg and --env are for --command");
    definition["url"] = entry.url;
    return definition;
  }
  // From another folder it would be another file.
  const bool is_path = entry.command.contains('/');
  definition["command"] = is_path ? fs::absolute(entry.command).lexically_normal().string() : entry.command;
  definition["args"] = to_array(entry.arguments);
  const auto environment = environment_of(entry.environment);
  if (!environment) return std::unexpected(environment.error());
  if (!environment->empty()) definition["env"] = *environment;
  return definition;
}

// ---- what is shown ---------------------------------------------------------------------------------------

/// Prints while a sync goes on: steps on a terminal's standard error, results on the standard output.
class SyncPrinter final : public mcp_wrappers::SyncListener {
 public:
  SyncPrinter(Format format, std::ostream& out) : out_(out), text_(format == Format::text) {}

  void on_step(const std::string& target, const char* step) override {
    if (text_ && ::isatty(STDERR_FILENO) == 1) std::cerr << "  " << target << ": " << step << '\n';
  }
  void on_target(const mcp_wrappers::TargetReport& report) override {
    if (!text_) return;
    if (report.problem.empty()) {
      out_ << report.name << ": made in " << report.took.count() << " ms"
           << (report.types ? ", with types" : "") << '\n';
    } else {
      out_ << report.name << ": failed: " << report.problem << '\n';
    }
    for (const auto& warning : report.warnings) out_ << report.name << ": " << warning << '\n';
    out_.flush();
  }

 private:
  std::ostream& out_;
  bool text_;
};

json::Object to_json(const mcp_wrappers::SyncReport& report) {
  json::Array targets;
  for (const auto& one : report.targets) {
    targets.push_back(
        json::Object{{"name", one.name},
                     {"status", one.problem.empty() ? "made" : "failed"},
                     {"problem", one.problem.empty() ? json::Value(nullptr) : json::Value(one.problem)},
                     {"warnings", to_array(one.warnings)},
                     {"types", one.types},
                     {"milliseconds", one.took.count()}});
  }
  return {{"ok", !report.failed()}, {"targets", std::move(targets)}, {"removed", to_array(report.removed)}};
}

json::Object to_json(const mcp_wrappers::Inventory& inventory) {
  json::Array targets;
  for (const auto& one : inventory.targets) {
    targets.push_back(
        json::Object{{"name", one.target.name},
                     {"selector", one.target.selector},
                     {"types", one.target.emit_types},
                     {"wrapper", mcp_wrappers::state_name(one.state)},
                     {"problem", one.problem.empty() ? json::Value(nullptr) : json::Value(one.problem)}});
  }
  return {{"targets", std::move(targets)}, {"orphans", to_array(inventory.orphans)}};
}

/// The first name that is no target's.
const std::string* unknown_target(const mcp_wrappers::Wanted& wanted, const std::vector<std::string>& names) {
  const auto found = std::ranges::find_if(names, [&](const std::string& name) {
    return std::ranges::find(wanted.targets, name, &mcp_wrappers::Target::name) == wanted.targets.end();
  });
  return found == names.end() ? nullptr : &*found;
}

int show_plan(const mcp_wrappers::Site& site, const mcp_wrappers::Wanted& wanted, const McpSync& options,
              Format format, std::ostream& out) {
  const auto types = options.skip_types ? mcp_wrappers::Types::skip : mcp_wrappers::Types::write;
  json::Array targets;
  for (const auto& target : wanted.targets) {
    if (!options.targets.empty() && std::ranges::find(options.targets, target.name) == options.targets.end())
      continue;
    const auto problem = mcp_wrappers::target_problem(site.places, wanted, target);
    const auto commands =
        problem ? std::vector<std::string>{} : mcp_wrappers::commands_for(site, target, types);
    targets.push_back(json::Object{{"name", target.name},
                                   {"problem", problem ? json::Value(*problem) : json::Value(nullptr)},
                                   {"commands", to_array(commands)}});
    if (format == Format::json) continue;
    out << target.name << ':' << (problem ? " cannot be made: " + *problem : "") << '\n';
    for (const auto& command : commands) out << "  " << command << '\n';
  }
  const auto orphans = mcp_wrappers::find_orphans(site.places, wanted.targets);
  if (format == Format::json) {
    out << json::serialize(json::Object{{"targets", std::move(targets)}, {"removed", to_array(orphans)}})
        << '\n';
  } else if (!orphans.empty()) {
    out << "would be removed: " << joined_names(orphans) << '\n';
  }
  return exit_ok;
}

int busy() {
  return complain_of_mcp("another `butler mcp` command is at work; wait until it has ended", exit_temporary);
}

}  // namespace

int init_mcp(const config::Loaded& loaded, bool force, Format format, std::ostream& out) {
  const auto places = mcp_places(loaded);
  for (const auto& file : {places.servers, places.manifest}) {
    if (!force && fs::exists(fs::symlink_status(file)))
      return complain_of_mcp(file.string() + " is there already; --force replaces both files");
  }
  fs::create_directories(places.manifest.parent_path());
  const auto texts = mcp_wrappers::empty_texts();
  files::write_whole_file(places.servers, texts.servers, config_file_mode);
  files::write_whole_file(places.manifest, texts.manifest, config_file_mode);
  if (format == Format::json) {
    out << json::serialize(
               json::Object{{"servers", places.servers.string()}, {"manifest", places.manifest.string()}})
        << '\n';
  } else {
    out << places.servers.string() << " and " << places.manifest.string()
        << " are written. `butler mcp add` puts a server into them, `butler mcp sync` makes its wrapper.\n";
  }
  return exit_ok;
}

int list_mcp(const config::Loaded& loaded, Format format, std::ostream& out) {
  const auto places = mcp_places(loaded);
  const auto wanted = mcp_wrappers::read_wanted(places);
  if (!wanted) return complain_of_mcp(wanted.error(), exit_config);
  const auto version = mcp_wrappers::mcporter_version(places);
  if (!version) return complain_of_mcp(version.error());
  const auto inventory = mcp_wrappers::take_inventory(places, *wanted, *version);
  if (format == Format::json) {
    out << json::serialize(to_json(inventory)) << '\n';
    return exit_ok;
  }
  if (inventory.targets.empty()) out << "There are no targets; `butler mcp add` makes one.\n";
  for (const auto& one : inventory.targets) {
    out << one.target.name << " -> " << one.target.selector << ", types "
        << (one.target.emit_types ? "on" : "off") << ", wrapper " << mcp_wrappers::state_name(one.state)
        << (one.problem.empty() ? "" : ": " + one.problem) << '\n';
  }
  for (const auto& name : inventory.orphans) out << name << ", orphan: `butler mcp sync` removes it\n";
  return exit_ok;
}

int sync_mcp(const config::Loaded& loaded, const McpSync& options, Format format, std::ostream& out) {
  const auto wanted = mcp_wrappers::read_wanted(mcp_places(loaded));
  if (!wanted) return complain_of_mcp(wanted.error(), exit_config);
  if (const auto* name = unknown_target(*wanted, options.targets))
    return complain_of_mcp("there is no target \"" + *name + "\"; `butler mcp list` shows them", exit_usage);
  const auto site = open_mcp_site(loaded);
  if (!site) return complain_of_mcp(site.error());
  if (options.dry_run) return show_plan(*site, *wanted, options, format, out);
  const auto lock = lock_mcp(site->places);
  if (!lock.is_open()) return busy();
  mcp_wrappers::clear_workshops(site->places);
  const mcp_wrappers::SyncOptions chosen{
      .only = options.targets,
      .types = options.skip_types ? mcp_wrappers::Types::skip : mcp_wrappers::Types::write};
  SyncPrinter printer(format, out);
  try {
    const auto report = mcp_wrappers::sync_wrappers(*site, *wanted, chosen, printer);
    if (format == Format::json) {
      out << json::serialize(to_json(report)) << '\n';
    } else if (!report.removed.empty()) {
      out << "removed: " << joined_names(report.removed) << '\n';
    }
    return report.failed() ? exit_failure : exit_ok;
  } catch (const mcp_wrappers::Interrupted&) {
    return complain_of_mcp("interrupted; what was made before stays, run it again for the rest",
                           128 + SIGINT);
  }
}

int add_mcp(const config::Loaded& loaded, const McpEntry& entry, Format format, std::ostream& out) {
  const auto definition = definition_of(entry);
  if (!definition) return complain_of_mcp(definition.error(), exit_usage);
  mcp_wrappers::Target target{.name = entry.name, .selector = entry.name, .emit_types = !entry.no_types};
  if (entry.timeout_ms != 0) target.timeout = std::chrono::milliseconds{entry.timeout_ms};
  const auto places = mcp_places(loaded);
  const auto path = mcp_wrappers::system_search_path(places);
  const auto edited = edit_both(
      places, [&](const mcp_wrappers::Texts& before) -> std::expected<mcp_wrappers::Texts, std::string> {
        if (auto problem = mcp_wrappers::spelling_problem(entry.name))
          return std::unexpected(*std::move(problem));
        if (auto problem = mcp_wrappers::shadowing_problem(entry.name, path))
          return std::unexpected(*std::move(problem));
        return mcp_wrappers::add_entry(before, target, *definition);
      });
  if (!edited) return complain_of_mcp(edited.error());
  if (format == Format::json) {
    out << json::serialize(json::Object{{"name", entry.name}, {"server", *definition}}) << '\n';
  } else {
    out << entry.name << " is added. `butler mcp sync --target " << entry.name << "` makes its wrapper.\n";
  }
  return exit_ok;
}

int remove_mcp(const config::Loaded& loaded, const std::string& name, Format format, std::ostream& out) {
  const auto places = mcp_places(loaded);
  const auto edited = edit_both(
      places, [&](const mcp_wrappers::Texts& before) { return mcp_wrappers::remove_entry(before, name); });
  if (!edited) return complain_of_mcp(edited.error());
  mcp_wrappers::remove_wrapper(places, name);
  if (format == Format::json) {
    out << json::serialize(json::Object{{"name", name}, {"removed", true}}) << '\n';
  } else {
    out << name << " and its wrapper are removed.\n";
  }
  return exit_ok;
}

int test_mcp(const config::Loaded& loaded, const std::string& name, Format format, std::ostream& out) {
  const auto wanted = mcp_wrappers::read_wanted(mcp_places(loaded));
  if (!wanted) return complain_of_mcp(wanted.error(), exit_config);
  const auto target = std::ranges::find(wanted->targets, name, &mcp_wrappers::Target::name);
  if (target == wanted->targets.end())
    return complain_of_mcp("there is no target \"" + name + "\"; `butler mcp list` shows them", exit_usage);
  const auto site = open_mcp_site(loaded);
  if (!site) return complain_of_mcp(site.error());
  const auto inventory = mcp_wrappers::take_inventory(site->places, *wanted, site->mcporter);
  const auto listed = std::ranges::find(
      inventory.targets, name, [](const auto& one) -> const std::string& { return one.target.name; });
  if (!listed->problem.empty()) return complain_of_mcp(name + ": " + listed->problem);
  if (listed->state != mcp_wrappers::WrapperState::present)
    return complain_of_mcp("the wrapper " + name + " is " +
                           std::string{mcp_wrappers::state_name(listed->state)} +
                           ": run `butler mcp sync --target " + name + "`");
  mcp_wrappers::Trial trial;
  try {
    trial = mcp_wrappers::try_wrapper(*site, *target, wanted->servers.at(target->selector));
  } catch (const mcp_wrappers::Interrupted&) {
    return complain_of_mcp("interrupted", 128 + SIGINT);
  }
  if (format == Format::json) {
    out << json::serialize(json::Object{
               {"name", name},
               {"ok", trial.problem.empty()},
               {"problem", trial.problem.empty() ? json::Value(nullptr) : json::Value(trial.problem)},
               {"tools", to_array(trial.tools)}})
        << '\n';
  } else if (trial.problem.empty()) {
    out << name << " works. Its server has " << trial.tools.size() << " tools: " << joined_names(trial.tools)
        << '\n';
  } else {
    return complain_of_mcp(name + ": " + trial.problem);
  }
  return trial.problem.empty() ? exit_ok : exit_failure;
}

void add_mcp_commands(CLI::App& app, Action& chosen) {
  /// What the options write to; lives as long as the commands.
  struct Given {
    McpEntry entry;
    McpSync sync;
    std::string name;
    bool force = false;
    bool json = false;
  };
  const auto given = std::make_shared<Given>();
  const auto load = [] { return config::load(config::this_start()); };
  const auto format = [=] { return format_of(given->json); };
  CLI::App* const group =
      add_group(app, "mcp", "MCP servers as commands that the agent calls from its shell.");

  CLI::App* const init =
      add_command(*group, "init", "Write config/mcporter.json and config/mcp-clis.json.", chosen,
                  [=] { return init_mcp(load(), given->force, format(), std::cout); });
  init->add_flag("--force", given->force, "Replace them if they are there.");

  CLI::App* const list = add_command(*group, "list", "The wrappers that there should be, and what there is.",
                                     chosen, [=] { return list_mcp(load(), format(), std::cout); });

  CLI::App* const sync =
      add_command(*group, "sync", "Make the wrappers with mcporter, and remove those that nobody asks for.",
                  chosen, [=] { return sync_mcp(load(), given->sync, format(), std::cout); });
  sync->add_option("--target", given->sync.targets, "Only this one; may be given more than once.")
      ->allow_extra_args(false);
  sync->add_flag("--dry-run", given->sync.dry_run, "Only say what would be done.");
  sync->add_flag("--skip-types", given->sync.skip_types, "Write no types.");

  CLI::App* const add = add_command(*group, "add", "Put a server and its wrapper into the two files.", chosen,
                                    [=] { return add_mcp(load(), given->entry, format(), std::cout); });
  auto& entry = given->entry;
  add->add_option("name", entry.name, "What the agent will call it.")->required();
  add->add_option("--command", entry.command, "The program that is the server.");
  add->add_option("--arg", entry.arguments, "One of its arguments; may be given more than once.")
      ->allow_extra_args(false);
  add->add_option("--env", entry.environment,
                  "A variable that it gets: NAME for the value that it has then, NAME=VALUE; may be given "
                  "more than once.")
      ->allow_extra_args(false);
  add->add_option("--url", entry.url, "The address of a server that speaks HTTP.");
  add->add_option("--description", entry.description, "What it is for.");
  add->add_option("--timeout-ms", entry.timeout_ms, "How long a call may take.")
      ->check(CLI::Range(1L, 3'600'000L));
  add->add_flag("--no-types", entry.no_types, "Without types.");

  CLI::App* const remove =
      add_command(*group, "remove", "Take a server, its target and its wrapper away.", chosen,
                  [=] { return remove_mcp(load(), given->name, format(), std::cout); });
  CLI::App* const test =
      add_command(*group, "test", "Call a wrapper, and ask its server what it can.", chosen,
                  [=] { return test_mcp(load(), given->name, format(), std::cout); });
  for (CLI::App* const command : {remove, test})
    command->add_option("name", given->name, "The wrapper.")->required();
  for (CLI::App* const command : {init, list, sync, add, remove, test})
    command->add_flag("--json", given->json, "As JSON.");
}

}  // namespace butler::cli
