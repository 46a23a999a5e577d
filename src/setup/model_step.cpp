#include <algorithm>
#include <array>
#include <ranges>

#include "config/providers.hpp"
#include "config/values.hpp"
#include "config/variables.hpp"
#include "setup/session.hpp"
#include "terminal/display_width.hpp"

namespace butler::setup {

namespace {

using model_proxy::KeyReport;
using model_proxy::KeyVerdict;

constexpr std::size_t listed_providers = 6;
constexpr const char* no_provider = "none";

/// What this step writes, as far as it is known.
struct ModelChoice {
  std::string provider = {};
  std::vector<config::EnvChange> changes = {};
  std::string key = {};  ///< the new key in the changes; "" when the present one stays
};

/// The configuration as it will be.
config::Environment with_changes(config::Environment environment,
                                 const std::vector<config::EnvChange>& changes) {
  for (const auto& [name, value] : changes) {
    if (value) {
      environment.insert_or_assign(name, config::Entry{.value = *value, .source = "setup"});
    } else {
      environment.erase(name);
    }
  }
  return environment;
}

/// nullopt for a provider that can be used.
std::optional<std::string> find_name_fault(const Session& session, const std::string& provider) {
  if (provider.empty()) return "it is empty";
  auto fault = config::find_fault(*config::find_variable("PI_PROVIDER"), provider);
  if (fault) return fault;
  const auto needs = session.outside.provider_needs(provider);
  return needs ? std::nullopt : std::optional{needs.error()};
}

std::expected<std::string, Stop> ask_for_other_provider(Session& session) {
  std::string known;
  for (const auto& provider : config::providers() | std::views::drop(listed_providers)) {
    if (provider.refusal.empty()) known += (known.empty() ? "" : ", ") + std::string{provider.name};
  }
  session.say("pi also knows " + known + "; and those in your own models.json.");
  while (true) {
    const auto name = session.prompter.ask("Its name:");
    if (!name) return std::unexpected(stop_of(name.error()));
    const auto fault = find_name_fault(session, *name);
    if (!fault) return *name;
    session.say_fault(*name + ": " + *fault + ".");
  }
}

std::expected<std::string, Stop> ask_for_provider(Session& session) {
  std::vector<std::string> labels;
  for (const auto& provider : config::providers().first(listed_providers)) labels.emplace_back(provider.name);
  labels.emplace_back("another one");
  labels.emplace_back("none for now: a mock answers, so that you can look around");
  const auto choice = terminal::ask_choice(session.prompter, "Which provider's model?", labels);
  if (!choice) return std::unexpected(stop_of(choice.error()));
  if (*choice < listed_providers) return labels.at(*choice);
  if (*choice == listed_providers) return ask_for_other_provider(session);
  return std::string{no_provider};
}

std::expected<std::string, Stop> choose_provider(Session& session) {
  const Given& given = session.given;
  const std::string present = session.value("PI_PROVIDER");
  const bool about_present = !present.empty() && (given.model || given.provider_key);
  if (!given.provider && session.asks() && !about_present) return ask_for_provider(session);
  const std::string provider = given.provider.value_or(present);
  if (provider == no_provider) return provider;
  if (const auto fault = find_name_fault(session, provider))
    return std::unexpected(Stop{.text = "The provider " + provider + " cannot be used: " + *fault + "."});
  return provider;
}

/// Files a key under its variable. It is the provider's only one then: the others say how it is sent, too,
/// and may go before it.
void file_key(const Session& session, const ProviderNeeds& needs, const std::string& variable,
              const std::string& key, ModelChoice& choice) {
  choice.key = key;
  choice.changes.push_back({.name = variable, .value = key});
  for (const auto& other : needs.keys) {
    const auto entry = session.environment.find(other);
    if (other == variable || entry == session.environment.end()) continue;
    // What the process's environment says is not .env's to unset.
    if (entry->second.source != config::environment_source) choice.changes.push_back({.name = other});
  }
}

/// A key, or an empty line where there is one already.
terminal::Answer<std::string> ask_for_key_text(Session& session, const std::string& provider, bool present) {
  const std::string hint = present ? " (not shown; Enter keeps the present one):" : " (it is not shown):";
  while (true) {
    auto key = session.prompter.ask_hidden("The API key for " + provider + hint);
    if (!key || !key->empty() || present) return key;
    session.say_fault("Without a key " + provider + " answers nothing.");
  }
}

/// Asks for the key, and for what else the provider wants.
std::expected<void, Stop> ask_for_key(Session& session, ModelChoice& choice) {
  const ProviderNeeds needs = session.outside.provider_needs(choice.provider).value_or(ProviderNeeds{});
  if (needs.keys.empty()) return {};
  if (const auto& given = session.given.provider_key) {
    const std::string& from = session.given.key_variable;
    const bool known = std::ranges::find(needs.keys, from) != needs.keys.end();
    file_key(session, needs, known ? from : needs.keys.front(), *given, choice);
    return {};
  }
  if (!session.asks()) return {};
  const bool present =
      std::ranges::any_of(needs.keys, [&](const auto& name) { return !session.value(name).empty(); });
  const auto key = ask_for_key_text(session, choice.provider, present);
  if (!key) return std::unexpected(stop_of(key.error()));
  if (!key->empty()) file_key(session, needs, needs.keys.front(), *key, choice);
  for (const auto& extra : needs.extras) {
    if (!session.value(extra).empty()) continue;
    const auto value = session.prompter.ask(extra + " (Enter leaves it out):");
    if (!value) return std::unexpected(stop_of(value.error()));
    if (!value->empty()) choice.changes.push_back({.name = extra, .value = *value});
  }
  return {};
}

enum class KeyDecision : std::uint8_t { go_on, ask_again };

/// Asks what to do about a key of which nobody knows whether it works, or that does not.
std::expected<KeyDecision, Stop> ask_about_key(Session& session, const KeyReport& report) {
  const bool refused = report.verdict == KeyVerdict::refused;
  if (!session.asks()) {
    if (refused || report.verdict == KeyVerdict::unreachable) {
      return std::unexpected(
          Stop{.text = "The model: " + report.reason + ". --skip-checks goes on without this check."});
    }
    session.say_doubt("The model: " + report.reason + ".");
    return KeyDecision::go_on;
  }
  if (report.verdict == KeyVerdict::undecided) {
    session.say_doubt("The key: " + report.reason + ".");
    return KeyDecision::go_on;
  }
  session.say_fault("The key: " + report.reason + ".");
  const auto use = terminal::ask_yes_or_no(session.prompter, "Use this key all the same?", false);
  if (!use) return std::unexpected(stop_of(use.error()));
  return *use ? KeyDecision::go_on : KeyDecision::ask_again;
}

/// Checks the key; the report when setup may go on with it, nullopt to ask for another.
std::expected<std::optional<KeyReport>, Stop> try_key(Session& session, const ModelChoice& choice) {
  if (session.given.skip_checks) {
    session.say_doubt("Not checked (--skip-checks): whether " + choice.provider + " takes this key.");
    return KeyReport{.reason = "not checked"};
  }
  const auto report =
      session.outside.check_key(with_changes(session.environment, choice.changes), choice.key);
  if (!report && report.error().kind == Trouble::Kind::interrupted)
    return std::unexpected(stop_of(report.error()));
  const KeyReport known =
      report ? *report : KeyReport{.verdict = KeyVerdict::refused, .reason = report.error().text};
  if (known.verdict == KeyVerdict::accepted) {
    session.say_done(choice.provider + " takes the key.");
    return known;
  }
  const auto decision = ask_about_key(session, known);
  if (!decision) return std::unexpected(decision.error());
  if (*decision == KeyDecision::ask_again) return std::nullopt;
  return known;
}

void start_choice(ModelChoice& choice, const Session& session) {
  choice.key.clear();
  choice.changes = {{.name = "PI_PROVIDER", .value = choice.provider}};
  if (session.value("PI_EXEC_MODE") == "mock") choice.changes.push_back({.name = "PI_EXEC_MODE"});
}

/// A key that may be used, in the choice's changes.
std::expected<KeyReport, Stop> find_key(Session& session, ModelChoice& choice) {
  while (true) {
    start_choice(choice, session);
    if (const auto asked = ask_for_key(session, choice); !asked) return std::unexpected(asked.error());
    const auto report = try_key(session, choice);
    if (!report) return std::unexpected(report.error());
    if (*report) return **report;
    session.given.provider_key.reset();
  }
}

std::string examples_of(const KeyReport& report) {
  std::string text;
  for (const auto& model : report.models | std::views::take(3))
    text += (text.empty() ? ", as in " : ", ") + terminal::printable_line(model);
  return text;
}

/// "" for pi's own choice.
std::expected<std::string, Stop> choose_model(Session& session, const KeyReport& report) {
  const bool given = session.given.model.has_value() || !session.asks();
  while (true) {
    std::string model = session.given.model.value_or(session.asks() ? "" : session.value("PI_MODEL"));
    if (!given) {
      const auto typed =
          session.prompter.ask("Which model" + examples_of(report) + "? (Enter leaves the choice to pi):");
      if (!typed) return std::unexpected(stop_of(typed.error()));
      model = *typed;
    }
    if (model.empty() || model_proxy::lists_model(report, model).value_or(true)) return model;
    session.say_doubt("The provider's list has no model " + terminal::printable_line(model) + ".");
    if (given) return model;
    const auto use = terminal::ask_yes_or_no(session.prompter, "Use it all the same?", false);
    if (!use) return std::unexpected(stop_of(use.error()));
    if (*use) return model;
  }
}

}  // namespace

StepEnd set_up_model(Session& session) {
  const auto provider = choose_provider(session);
  if (!provider) return std::unexpected(provider.error());
  if (*provider == no_provider) {
    session.save({{.name = "PI_PROVIDER"}, {.name = "PI_MODEL"}, {.name = "PI_EXEC_MODE", .value = "mock"}});
    session.say_done("A mock answers until you choose a provider: butler setup --provider NAME");
    return StepReport{.step = Step::model, .detail = "a mock answers"};
  }
  ModelChoice choice{.provider = *provider};
  const auto report = find_key(session, choice);
  if (!report) return std::unexpected(report.error());
  const auto model = choose_model(session, *report);
  if (!model) return std::unexpected(model.error());
  choice.changes.push_back(
      {.name = "PI_MODEL", .value = model->empty() ? std::nullopt : std::optional{*model}});
  session.save(choice.changes);
  const std::string named = *provider + (model->empty() ? "" : ", " + *model);
  const bool proven = report->verdict == KeyVerdict::accepted;
  return StepReport{.step = Step::model,
                    .ending = proven ? StepReport::Ending::done : StepReport::Ending::warned,
                    .detail = proven ? named : named + ": " + report->reason};
}

}  // namespace butler::setup
