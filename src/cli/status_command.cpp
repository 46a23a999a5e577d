#include "cli/status_command.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/access.hpp"
#include "config/load.hpp"
#include "console/journal.hpp"
#include "console/pairing.hpp"
#include "console/status.hpp"

namespace butler::cli {

namespace {

using console::Access;
using console::Streams;

struct JsonGiven {
  bool json = false;
  Streams streams() const { return Streams::standard(json); }
};

void add_panic_commands(CLI::App& app, Action& chosen, const std::shared_ptr<JsonGiven>& given) {
  CLI::App* const group = add_group(app, "panic", "Stop everything at once, and go on again.");
  const auto add = [&](const char* name, const char* meaning, int (*act)(const Access&, Streams)) {
    add_command(*group, name, meaning, chosen, [given, act] {
      return with_access([&](const Access& access) { return act(access, given->streams()); });
    })->add_flag("--json", given->json, "As JSON.");
  };
  add("status", "Whether it is on.", console::show_panic);
  add("on", "Stop what runs, and begin nothing.", console::panic_on);
  add("off", "Go on.", console::panic_off);
}

void add_logs_command(CLI::App& app, Action& chosen) {
  const auto given = std::make_shared<console::JournalView>();
  CLI::App* const logs = add_command(
      app, "logs",
      "The log of Butler's service, from the system's journal. `butler up` prints its log itself.", chosen,
      [given] { return console::show_journal(*given); });
  logs->add_option("ROLE", given->role, "One role's alone.")
      ->check(CLI::IsMember({"orchestrator", "gateway", "worker"}));
  logs->add_flag("-f,--follow", given->follow, "Go on as lines come.");
  logs->add_option("--lines", given->lines, "How many of the latest lines.");
  logs->add_flag("--json", given->json, "As JSON, an entry per line.");
}

std::filesystem::path home_of_this_start() { return config::load(config::this_start()).place.home; }

}  // namespace

void add_status_commands(CLI::App& app, Action& chosen) {
  const auto given = std::make_shared<JsonGiven>();
  add_command(app, "status", "How the roles are, what runs and waits; exit status 1 when something is wrong.",
              chosen,
              [given] {
                return with_access([&](const Access& access) {
                  return console::show_status(access, BUTLER_VERSION, given->streams());
                });
              })
      ->add_flag("--json", given->json, "As JSON.");
  add_panic_commands(app, chosen, given);
  add_logs_command(app, chosen);
}

void add_pair_commands(CLI::App& app, Action& chosen) {
  struct PairGiven : JsonGiven {
    std::string code;
    std::string person;
  };
  const auto given = std::make_shared<PairGiven>();
  CLI::App* const group = add_group(app, "pair", "Who may use the bot.");
  add_command(*group, "list", "Who is in, and who waits with a code.", chosen, [given] {
    return console::list_pairings(home_of_this_start(), given->streams());
  })->add_flag("--json", given->json, "As JSON.");
  CLI::App* const approve = add_command(
      *group, "approve", "Let the person in who got this code from the bot.", chosen,
      [given] { return console::approve_pairing(home_of_this_start(), given->code, given->streams()); });
  approve->add_option("code", given->code, "The code, as AB12-CD34.")->required();
  approve->add_flag("--json", given->json, "As JSON.");
  CLI::App* const remove = add_command(
      *group, "remove", "Take that back, and stop what they have open.", chosen,
      [given] { return console::remove_person(home_of_this_start(), given->person, given->streams()); });
  remove->add_option("person", given->person, "Their numeric id, as `butler pair list` shows it.")
      ->required();
  remove->add_flag("--json", given->json, "As JSON.");
}

}  // namespace butler::cli
