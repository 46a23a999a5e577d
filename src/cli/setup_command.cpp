#include "cli/setup_command.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "cli/exit_code.hpp"
#include "cli/given_secret.hpp"
#include "cli/home.hpp"
#include "cli/report.hpp"
#include "cli/running_roles.hpp"
#include "cli/setup_outside.hpp"
#include "config/load.hpp"
#include "log/log.hpp"
#include "process/installation.hpp"
#include "setup/wizard.hpp"
#include "terminal/screen.hpp"
#include "terminal/terminal_prompter.hpp"

namespace butler::cli {

namespace {

/// What the options write to; lives as long as the command.
struct SetupOptions {
  std::string bot_token_file;
  std::string key_file;
  std::string owner_ids;
  std::string provider;
  std::string model;
  bool bot_token_from_input = false;
  bool key_from_input = false;
  bool keep = false;
  bool change = false;
  bool start_over = false;
  bool yes = false;
  bool skip_checks = false;
  bool json = false;
};

int fail_as_usage(const std::string& text) {
  std::cerr << "butler setup: " << text << '\n';
  return exit_usage;
}

std::optional<std::string> if_given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional{text};
}

std::optional<setup::Intent> intent_of(const SetupOptions& options) {
  if (options.keep) return setup::Intent::keep;
  if (options.change) return setup::Intent::change;
  if (options.start_over) return setup::Intent::start_over;
  return std::nullopt;
}

using MaybeSecret = std::expected<std::optional<std::string>, std::string>;

MaybeSecret given_secret(const std::string& file, bool from_input) {
  if (file.empty() && !from_input) return std::nullopt;
  auto secret = file.empty() ? read_secret_from_input() : read_secret_file(file);
  if (!secret) return std::unexpected(secret.error());
  return std::move(*secret);
}

/// From standard input the token comes before the key, a line each.
std::expected<setup::Given, std::string> given_by(const SetupOptions& options) {
  auto token = given_secret(options.bot_token_file, options.bot_token_from_input);
  if (!token) return std::unexpected(token.error());
  auto key = given_secret(options.key_file, options.key_from_input);
  if (!key) return std::unexpected(key.error());
  return setup::Given{.bot_token = std::move(*token),
                      .owner_ids = if_given(options.owner_ids),
                      .provider = if_given(options.provider),
                      .model = if_given(options.model),
                      .provider_key = std::move(*key),
                      .intent = intent_of(options),
                      .yes = options.yes,
                      .skip_checks = options.skip_checks};
}

void say_how_to_go_on(terminal::Prompter& prompter, const setup::SetupReport& report,
                      const config::Loaded& loaded, const std::filesystem::path& env_file) {
  if (report.stop) {
    if (!report.stop->text.empty()) prompter.say("\nbutler setup: " + report.stop->text);
    if (report.stop->why != setup::Stop::Why::missing) {
      prompter.say("\nStopped. What is done stays done, in " + env_file.string() +
                   ".\nTo go on: butler setup");
    }
    return;
  }
  if (!report.succeeded()) {
    prompter.say("\nEverything is written, but not everything works yet: see above, then  butler doctor");
    return;
  }
  std::error_code error;
  const bool checkout = std::filesystem::exists(loaded.place.working_directory / "tools/up.sh", error);
  const bool running = !running_roles(loaded.place.home).empty();
  const std::string bot = report.bot.empty() ? "your bot" : "@" + report.bot;
  const bool services = !checkout && ::geteuid() == 0 && process::is_a_service();
  std::string start = checkout ? "make up" : "butler up";
  if (services) start = "systemctl start butler.target";
  const std::string restart = services ? ":  systemctl restart butler.target" : ".";
  prompter.say(running ? "\nButler is set up, and runs with its old settings: restart it" + restart
                       : "\nButler is set up. Start it:  " + start);
  prompter.say("Then write to " + bot + " in Telegram.");
}

int exit_code_of(const setup::SetupReport& report) {
  if (report.stop && report.stop->why == setup::Stop::Why::missing) return exit_usage;
  if (report.stop && report.stop->why == setup::Stop::Why::interrupted) return exit_interrupted;
  return report.succeeded() ? exit_ok : exit_failure;
}

int run_setup_on(int out, const setup::Given& given, const SetupOptions& options) {
  const auto start = config::this_start();
  const auto env_file = config::env_file_path(start);
  if (env_file.empty())
    return fail_as_usage("BUTLER_ENV_FILE is empty, so there is no file to write to: unset it, or name one");
  const auto loaded = config::load(start);
  if (!loaded.problems.empty()) {
    print_problems(loaded.problems);
    return exit_config;
  }
  terminal::TerminalPrompter prompter{STDIN_FILENO, out};
  const auto palette = terminal::Palette::of(out);
  SetupOutside outside{start, loaded, env_file, palette};
  setup::Session session{.prompter = prompter,
                         .outside = outside,
                         .given = setup::with_environment(given, loaded.environment),
                         .environment = loaded.environment,
                         .palette = palette};
  if (session.asks()) {
    session.say("Butler needs a bot, its owner and a model. Answers go to " + env_file.string() +
                ", which only you can read.\nCtrl-C stops at any time; what is done stays done.");
  }
  const auto report = setup::run_setup(session);
  say_how_to_go_on(prompter, report, loaded, env_file);
  if (options.json) {
    auto object = setup::to_json(report);
    object["envFile"] = env_file.string();
    std::cout << json::serialize(object) << '\n';
  }
  return exit_code_of(report);
}

int run_setup_command(const SetupOptions& options) {
  // With --json standard output is the object's alone.
  const int out = options.json ? STDERR_FILENO : STDOUT_FILENO;
  if (!options.yes && !terminal::is_interactive(STDIN_FILENO, out)) {
    return fail_as_usage(
        "there is no terminal to ask at. Give --yes and the answers as options; see butler setup --help");
  }
  const auto given = given_by(options);
  if (!given) return fail_as_usage(given.error());
  log::start("setup", log::Level::error);
  make_files_private();
  return run_setup_on(out, *given, options);
}

void add_answers(CLI::App& command, SetupOptions& options) {
  auto* const token_file =
      command.add_option("--bot-token-file", options.bot_token_file, "The bot's token, from a file.");
  command
      .add_flag("--bot-token-stdin", options.bot_token_from_input,
                "The bot's token, from a line of standard input.")
      ->excludes(token_file);
  command.add_option("--owner-ids", options.owner_ids,
                     "The owners' numeric Telegram ids, with commas between.");
  command.add_option("--provider", options.provider,
                     "The model provider, as pi names it; none for a mock that only answers.");
  command.add_option("--model", options.model, "The provider's model; pi chooses when it is left out.");
  auto* const key_file =
      command.add_option("--key-file", options.key_file, "The provider's key, from a file.");
  command
      .add_flag("--key-stdin", options.key_from_input,
                "The provider's key, from a line of standard input (after the token's).")
      ->excludes(key_file);
}

}  // namespace

void add_setup_command(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<SetupOptions>();
  CLI::App* const command = add_command(
      app, "setup",
      "Set Butler up: bot, owner, model, sandbox; checked and written to .env.\n"
      "Asks at the terminal. Answers can also be given as options, or in the environment by their variables\n"
      "(TELEGRAM_BOT_TOKEN, TG_OWNER_IDS, PI_PROVIDER, PI_MODEL and the provider's own). Secrets never stand "
      "in\n"
      "the command line. What was set up stays, unless an answer is given anew.",
      chosen, [options] { return run_setup_command(*options); });
  add_answers(*command, *options);
  auto* const keep = command->add_flag("--keep", options->keep, "Keep what is configured; ask for the rest.");
  auto* const change = command->add_flag("--change", options->change, "Ask what to change.")->excludes(keep);
  command->add_flag("--start-over", options->start_over, "Go through every step again.")
      ->excludes(keep)
      ->excludes(change);
  command->add_flag("--yes", options->yes,
                    "Ask nothing; a missing answer is an error that names its option.");
  command->add_flag("--skip-checks", options->skip_checks,
                    "Do not ask Telegram and the provider, nor examine the result.");
  command->add_flag("--json", options->json, "As JSON on standard output; questions go to standard error.");
}

}  // namespace butler::cli
