#include "cli/mcp_command.hpp"

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
#include "json/value.hpp"
#include "mcp_wrappers/sync.hpp"
#include "terminal/display_width.hpp"
#include "terminal/progress.hpp"
#include "terminal/style.hpp"
#include "terminal/table.hpp"

namespace butler::cli {

namespace {

std::string joined_names(const std::vector<std::string>& texts) {
  std::string text;
  for (const auto& name : texts) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// Shows how a sync goes on: what is being done on a terminal, results as lines.
class SyncPrinter final : public mcp_wrappers::SyncListener {
 public:
  SyncPrinter(Format format, std::ostream& out)
      : out_(out), text_(format == Format::text), progress_(std::cerr, terminal::Screen::of(STDERR_FILENO)) {}

  void on_step(const std::string& target, const char* step) override {
    if (text_ && on_terminal_) progress_.show(target + ": " + step);
  }
  void on_target(const mcp_wrappers::TargetReport& report) override {
    if (!text_) return;
    progress_.clear();
    out_ << report.name << ": ";
    if (report.problem.empty()) {
      out_ << palette_.paint("made", terminal::Style::green) << " in " << report.took.count() << " ms"
           << (report.types ? ", with types" : "") << '\n';
    } else {
      out_ << palette_.paint("failed", terminal::Style::red) << ": "
           << terminal::printable_line(report.problem) << '\n';
    }
    for (const auto& warning : report.warnings)
      out_ << report.name << ": " << terminal::printable_line(warning) << '\n';
    out_.flush();
  }

 private:
  std::ostream& out_;
  bool text_;
  bool on_terminal_ = terminal::Screen::of(STDERR_FILENO).is_terminal;
  terminal::Palette palette_ = terminal::Palette::of(STDOUT_FILENO);
  terminal::Progress progress_;
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

/// NAME -> SELECTOR, types, the wrapper's state, and what is wrong.
std::vector<terminal::Row> rows_of(const mcp_wrappers::Inventory& inventory) {
  std::vector<terminal::Row> rows;
  rows.reserve(inventory.targets.size() + inventory.orphans.size());
  for (const auto& one : inventory.targets) {
    rows.push_back({one.target.name + " -> " + terminal::printable_line(one.target.selector),
                    one.target.emit_types ? "types on" : "types off",
                    "wrapper " + std::string{mcp_wrappers::state_name(one.state)},
                    terminal::printable_line(one.problem)});
  }
  for (const auto& name : inventory.orphans)
    rows.push_back({name, "", "orphan", "`butler mcp sync` removes it"});
  return rows;
}

/// The first name that is no target's.
const std::string* unknown_target(const mcp_wrappers::Wanted& wanted, const std::vector<std::string>& asked) {
  const auto found = std::ranges::find_if(asked, [&](const std::string& name) {
    return std::ranges::find(wanted.targets, name, &mcp_wrappers::Target::name) == wanted.targets.end();
  });
  return found == asked.end() ? nullptr : &*found;
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
    out << target.name << ':' << (problem ? " cannot be made: " + terminal::printable_line(*problem) : "")
        << '\n';
    for (const auto& command : commands) out << "  " << command << '\n';
  }
  const auto orphans = mcp_wrappers::orphans_to_remove(site.places, wanted, {.only = options.targets});
  if (format == Format::json) {
    out << json::serialize(json::Object{{"targets", std::move(targets)}, {"removed", to_array(orphans)}})
        << '\n';
  } else if (!orphans.empty()) {
    out << "would be removed: " << joined_names(orphans) << '\n';
  }
  return exit_ok;
}

}  // namespace

int list_mcp(const config::Loaded& loaded, Format format, std::ostream& out) {
  const auto places = mcp_wrappers::find_places(loaded);
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
  const auto screen = terminal::Screen::of(STDOUT_FILENO);
  out << terminal::render_table(rows_of(inventory), screen.is_terminal ? screen.columns : 0);
  return exit_ok;
}

int sync_mcp(const config::Loaded& loaded, const McpSync& options, Format format, std::ostream& out) {
  std::expected<files::Descriptor, int> lock;
  if (!options.dry_run) lock = lock_mcp(loaded);
  if (!lock) return lock.error();
  const auto wanted = mcp_wrappers::read_wanted(mcp_wrappers::find_places(loaded));
  if (!wanted) return complain_of_mcp(wanted.error(), exit_config);
  if (const auto* name = unknown_target(*wanted, options.targets))
    return complain_of_mcp("there is no target \"" + *name + "\"; `butler mcp list` shows them", exit_usage);
  const auto site = open_mcp_site(loaded);
  if (!site) return complain_of_mcp(site.error());
  if (options.dry_run) return show_plan(*site, *wanted, options, format, out);
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

int test_mcp(const config::Loaded& loaded, const std::string& name, Format format, std::ostream& out) {
  const auto lock = lock_mcp(loaded);
  if (!lock) return lock.error();
  const auto wanted = mcp_wrappers::read_wanted(mcp_wrappers::find_places(loaded));
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
    out << name << " works. Its server has " << trial.tools.size()
        << " tools: " << terminal::printable_line(joined_names(trial.tools)) << '\n';
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
