#include "cli/setup_outside.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "cli/exit_code.hpp"
#include "cli/home.hpp"
#include "cli/interruptible.hpp"
#include "cli/local_secrets.hpp"
#include "config/env_edit.hpp"
#include "config/providers.hpp"
#include "config/variables.hpp"
#include "doctor/doctor.hpp"
#include "doctor/report.hpp"
#include "files/small_file.hpp"
#include "json/value.hpp"
#include "process/child_process.hpp"
#include "process/role.hpp"
#include "setup/given.hpp"
#include "setup/owner_watch.hpp"
#include "telegram/bot_api.hpp"
#include "worker/main.hpp"

namespace butler::cli {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

using setup::Outcome;
using setup::Trouble;

constexpr std::size_t secret_length = 32;
constexpr std::size_t longest_models_json = 8 << 20;
constexpr std::chrono::seconds provider_patience{20};

const Trouble stopped_by_person{.kind = Trouble::Kind::interrupted};

Trouble explain_refused_call(const telegram::ApiError& error) {
  if (error.token_refused()) {
    return {.kind = Trouble::Kind::refused,
            .text = "Telegram does not know this token (" + error.describe() +
                    "). @BotFather shows the right one: /mybots, API Token."};
  }
  return {.text = "Telegram cannot be asked: " + error.describe() + "."};
}

asio::awaitable<Outcome<setup::Bot>> ask_who_the_bot_is(asio::any_io_executor executor, http::Url root,
                                                        config::Secret token) {
  telegram::BotApi api{executor, std::move(root), std::move(token)};
  const auto bot = co_await api.get_me();
  if (!bot) co_return std::unexpected(explain_refused_call(bot.error()));
  co_return setup::Bot{.id = bot->id, .username = bot->username};
}

asio::awaitable<Outcome<setup::Owner>> watch_for_the_owner(asio::any_io_executor executor, http::Url root,
                                                           config::Secret token, setup::Bot bot,
                                                           setup::OwnerCode code,
                                                           setup::OwnerWatchTiming timing) {
  telegram::BotApi api{executor, std::move(root), std::move(token)};
  auto owner = co_await setup::watch_for_owner(api, std::move(bot), std::move(code), timing);
  co_return owner;
}

std::string read_models_json(const fs::path& home) {
  const auto file = files::read_small_file(home / "agent/models.json", longest_models_json);
  return file ? file->text : "";
}

std::string problem_text(const config::Problems& problems) {
  std::string text;
  for (const auto& problem : problems) text += (text.empty() ? "" : "; ") + problem.text();
  return text;
}

/// Runs this program with other words and our own environment; what it writes to standard output.
asio::awaitable<std::string> output_of_ourselves(asio::any_io_executor executor, config::Start start,
                                                 std::vector<std::string> words) {
  process::SpawnOptions options{.arguments = std::move(words),
                                .environment = {},
                                .working_directory = start.working_directory,
                                .program = fs::read_symlink("/proc/self/exe"),
                                .stdin_mode = process::Stdin::null,
                                .stderr_mode = process::Stderr::inherited};
  for (const auto& [name, value] : start.variables) options.environment.push_back(name + "=" + value);
  auto child = process::ChildProcess::spawn(executor, options);
  if (!child) throw std::runtime_error(child.error());
  std::string output;
  while (true) {
    const std::string piece = co_await child->read_stdout();
    if (piece.empty()) break;
    output += piece;
  }
  co_await child->wait();
  co_return output;
}

/// Whether the key is what the provider is sent, in whatever form models.json gives it.
bool sends_key(const model_proxy::Upstream& upstream, const std::string& key) {
  return upstream.key.contains(key) || std::ranges::any_of(upstream.headers, [&](const auto& header) {
           return header.second.contains(key);
         });
}

/// Where a key lies that goes before those of the variables.
std::string place_of_other_key(const fs::path& home, const std::string& provider) {
  const auto stored = files::read_small_file(home / "agent/auth.json", longest_models_json);
  const auto parsed = json::parse(stored ? stored->text : "");
  const bool in_store = parsed && json::find(*parsed, provider) != nullptr;
  return (home / (in_store ? "agent/auth.json" : "agent/models.json")).string();
}

void end_examination(int signal) {
  constexpr std::string_view text = "\nStopped. Every answer is written. To examine them:  butler doctor\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(exit_of_signals + signal);
}

/// While it lives, Ctrl-C ends the process with a word on how to go on: the doctor waits for no one.
class ExaminationSignals {
 public:
  ExaminationSignals() {
    struct sigaction action{};
    action.sa_handler = end_examination;
    ::sigemptyset(&action.sa_mask);
    for (std::size_t at = 0; at < signals.size(); ++at) ::sigaction(signals[at], &action, &before_[at]);
  }
  ExaminationSignals(const ExaminationSignals&) = delete;
  ExaminationSignals& operator=(const ExaminationSignals&) = delete;
  ~ExaminationSignals() {
    for (std::size_t at = 0; at < signals.size(); ++at) ::sigaction(signals[at], &before_[at], nullptr);
  }

 private:
  static constexpr std::array signals{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, signals.size()> before_{};
};

}  // namespace

http::Url SetupOutside::telegram_root() const {
  const std::string address = setup::value_in(loaded_.environment, "TELEGRAM_API_ROOT");
  const auto url = http::Url::parse(address.empty() ? "https://api.telegram.org" : address);
  if (!url) throw std::runtime_error("TELEGRAM_API_ROOT: '" + address + "' is no address");
  return *url;
}

Outcome<setup::Bot> SetupOutside::check_bot(const std::string& token) {
  const auto bot = run_interruptible<Outcome<setup::Bot>>([&](const asio::any_io_executor& executor) {
    return ask_who_the_bot_is(executor, telegram_root(), config::Secret{token});
  });
  return bot.value_or(std::unexpected(stopped_by_person));
}

Outcome<setup::Owner> SetupOutside::wait_for_owner(
    const std::string& token, const setup::Bot& bot,
    const std::function<void(const std::string&, int)>& announce) {
  const setup::OwnerWatchTiming timing;
  const setup::OwnerCode code{
      process::random_bytes<std::tuple_size_v<setup::OwnerCode::Random>>(),
      domain::wall_clock_now() + std::chrono::duration_cast<std::chrono::milliseconds>(timing.lifetime)};
  const auto owner = run_interruptible<Outcome<setup::Owner>>([&](const asio::any_io_executor& executor) {
    // Here, because from here on Ctrl-C is heard: who reads of the wait may well end it.
    announce(code.text(), std::chrono::duration_cast<std::chrono::minutes>(timing.lifetime).count());
    return watch_for_the_owner(executor, telegram_root(), config::Secret{token}, bot, code, timing);
  });
  return owner.value_or(std::unexpected(stopped_by_person));
}

Outcome<model_proxy::KeyReport> SetupOutside::check_key(const config::Environment& environment,
                                                        const std::string& new_key) {
  config::Loaded loaded = loaded_;
  loaded.environment = environment;
  loaded.place.provider_variables = config::find_models_json_variables(
      read_models_json(loaded.place.home), setup::value_in(environment, "PI_PROVIDER"));
  const auto settings = config::worker_settings(with_trial_secrets(std::move(loaded)));
  if (!settings)
    return std::unexpected(Trouble{.kind = Trouble::Kind::refused, .text = problem_text(settings.error())});
  const auto upstream = worker::provider_upstream(*settings);
  if (!upstream) return std::unexpected(Trouble{.kind = Trouble::Kind::refused, .text = upstream.error()});
  if (!new_key.empty() && !sends_key(*upstream, new_key)) {
    return model_proxy::KeyReport{
        .verdict = model_proxy::KeyVerdict::undecided,
        .reason = "it was not tried, for the key in " +
                  place_of_other_key(loaded_.place.home, settings->provider) +
                  " goes before it; take that one away, then run butler setup again"};
  }
  const auto report = run_interruptible<model_proxy::KeyReport>([&](const asio::any_io_executor& executor) {
    return model_proxy::check_key(executor, *upstream, provider_patience);
  });
  if (!report) return std::unexpected(stopped_by_person);
  return *report;
}

std::expected<setup::ProviderNeeds, std::string> SetupOutside::provider_needs(const std::string& provider) {
  if (const auto* const known = config::find_provider(provider)) {
    if (!known->refusal.empty()) return std::unexpected(std::string{known->refusal});
    return setup::ProviderNeeds{.keys = {known->keys.begin(), known->keys.end()},
                                .extras = {known->extras.begin(), known->extras.end()}};
  }
  const std::string text = read_models_json(loaded_.place.home);
  const auto parsed = json::parse(text);
  const json::Value* const all = parsed ? json::find(*parsed, "providers") : nullptr;
  if (all == nullptr || json::find(*all, provider) == nullptr) {
    return std::unexpected("pi has no provider of this name built in, and there is none in " +
                           (loaded_.place.home / "agent/models.json").string());
  }
  auto names = config::find_models_json_variables(text, provider);
  // The agent may write to that file: it does not get at what is Butler's own.
  std::erase_if(names, [](const std::string& name) { return config::find_variable(name) != nullptr; });
  setup::ProviderNeeds needs;
  if (names.empty()) return needs;
  needs.keys = {names.front()};
  needs.extras = {names.begin() + 1, names.end()};
  return needs;
}

void SetupOutside::save(const std::vector<config::EnvChange>& changes) {
  if (env_file_.parent_path() == loaded_.place.home) prepare_home(loaded_.place.home);
  const auto saved = config::edit_env_file(env_file_, changes);
  if (!saved) throw std::runtime_error(saved.error());
}

bool SetupOutside::has_local_secrets() {
  std::error_code error;
  return fs::exists(fs::symlink_status(loaded_.place.home / "secrets.env", error));
}

std::string SetupOutside::random_secret() { return process::random_hex(secret_length); }

setup::SandboxFinding SetupOutside::probe_sandbox() {
  const auto output = run_interruptible<std::string>([&](const asio::any_io_executor& executor) {
    return output_of_ourselves(executor, start_, {"butler", "sandbox", "explain", "--json"});
  });
  const auto explained = json::parse(output.value_or(""));
  if (!explained) {
    return {.contained = false,
            .text = "It could not be looked at; butler sandbox explain says why. Without one no job runs."};
  }
  const std::string tier{json::find_string(*explained, "tier")};
  if (!tier.empty()) return {.contained = true, .text = "Agents are contained by " + tier + "."};
  return {.contained = false, .text = std::string{json::find_string(*explained, "error")}};
}

bool SetupOutside::examine(const std::function<void(std::string_view)>& say) {
  const ExaminationSignals signals;
  say("This takes some seconds…");
  std::ostringstream text;
  doctor::Printer printer(text, palette_);
  const auto say_written = [&] {
    std::string lines = std::exchange(text, std::ostringstream{}).str();
    while (lines.ends_with('\n')) lines.pop_back();
    if (!lines.empty()) say(lines);
  };
  const doctor::Options options;
  const auto report = doctor::run(config::load(start_), options, [&](const doctor::Finding& finding) {
    if (finding.status == doctor::Status::ok || finding.status == doctor::Status::skipped) return;
    printer.show(finding);
    say_written();
  });
  printer.finish(report, options);
  say_written();
  return std::ranges::none_of(report.findings, [](const doctor::Finding& finding) {
    return finding.status == doctor::Status::broken;
  });
}

}  // namespace butler::cli
