#include "setup/wizard.hpp"

#include <algorithm>
#include <array>

namespace butler::setup {

namespace {

using Ending = StepReport::Ending;

constexpr std::array asking_steps{Step::bot, Step::owner, Step::model};

std::string_view title_of(Step step) {
  switch (step) {
    case Step::bot: return "The bot";
    case Step::owner: return "The owner";
    case Step::model: return "The model";
    case Step::sandbox: return "The sandbox";
    case Step::secrets: return "Secrets";
    case Step::doctor: return "Does it work?";
  }
  return "";
}

std::string_view ending_name(Ending ending) {
  switch (ending) {
    case Ending::done: return "done";
    case Ending::kept: return "kept";
    case Ending::warned: return "warned";
    case Ending::left_out: return "left_out";
    case Ending::failed: return "failed";
  }
  return "?";
}

bool all_configured(const config::Environment& environment) {
  return std::ranges::all_of(asking_steps, [&](Step step) { return is_configured(step, environment); });
}

bool any_configured(const config::Environment& environment) {
  return std::ranges::any_of(asking_steps, [&](Step step) { return is_configured(step, environment); });
}

std::string describe_configured(const Session& session) {
  std::string text = "Owner: " + session.value("TG_OWNER_IDS") + ". Model: ";
  const std::string provider = session.value("PI_PROVIDER");
  if (provider.empty()) return text + "none, a mock answers.";
  const std::string model = session.value("PI_MODEL");
  return text + provider + (model.empty() ? "" : ", " + model) + ".";
}

/// What the run is for, and with `change` which steps it goes through.
struct Purpose {
  Intent intent = Intent::keep;
  std::vector<Step> chosen = {};

  bool wants(Step step, const Session& session) const {
    return std::ranges::find(chosen, step) != chosen.end() ||
           is_due(step, intent, session.given, session.environment);
  }
};

std::expected<Purpose, Stop> ask_what_to_change(Session& session) {
  static const std::array<std::string, 3> parts{"bot", "owner", "model and its key"};
  const auto part = terminal::ask_choice(session.prompter, "What do you want to change?", parts);
  if (!part) return std::unexpected(stop_of(part.error()));
  return Purpose{.intent = Intent::change, .chosen = {asking_steps.at(*part)}};
}

/// Asks only where everything is configured and nothing was said beforehand.
std::expected<Purpose, Stop> find_purpose(Session& session) {
  const Given& given = session.given;
  const bool something_given =
      given.bot_token || given.owner_ids || given.provider || given.model || given.provider_key;
  if (given.intent == Intent::change && session.asks()) return ask_what_to_change(session);
  if (given.intent) return Purpose{.intent = *given.intent};
  if (!session.asks() || something_given || !all_configured(session.environment)) {
    if (session.asks() && any_configured(session.environment))
      session.say("Part of it is set up already: this goes on with the rest.");
    return Purpose{};
  }
  session.say("Butler is set up already. " + describe_configured(session));
  static const std::array<std::string, 3> ways{"keep it, and check that it works", "change something",
                                               "start over"};
  const auto way = terminal::ask_choice(session.prompter, "What shall it be?", ways, 0);
  if (!way) return std::unexpected(stop_of(way.error()));
  if (*way == 1) return ask_what_to_change(session);
  return Purpose{.intent = *way == 0 ? Intent::keep : Intent::start_over};
}

StepEnd run_asking_step(Step step, Session& session, Bot& bot) {
  switch (step) {
    case Step::bot: return set_up_bot(session, bot);
    case Step::owner: return set_up_owner(session, bot);
    default: return set_up_model(session);
  }
}

/// A bot that is kept has to be known by name when an owner is going to be asked for.
std::expected<void, Stop> find_kept_bot(Session& session, Bot& bot) {
  if (session.given.owner_ids || session.given.skip_checks || !session.asks()) return {};
  const auto found = session.outside.check_bot(session.value("TELEGRAM_BOT_TOKEN"));
  if (found) {
    bot = *found;
    return {};
  }
  if (found.error().kind == Trouble::Kind::interrupted) return std::unexpected(stop_of(found.error()));
  return std::unexpected(Stop{.text = "The bot's token in .env: " + found.error().text});
}

/// The steps that ask. The error ends setup.
std::expected<void, Stop> ask_steps(Session& session, const Purpose& purpose, SetupReport& report) {
  Bot bot;
  for (const Step step : asking_steps) {
    if (!purpose.wants(step, session)) {
      report.steps.push_back({.step = step, .ending = Ending::kept});
      continue;
    }
    session.say_title(title_of(step));
    if (step == Step::owner && bot.username.empty()) {
      if (const auto found = find_kept_bot(session, bot); !found) return std::unexpected(found.error());
    }
    const auto end = run_asking_step(step, session, bot);
    if (!end) {
      report.steps.push_back({.step = step, .ending = Ending::failed, .detail = end.error().text});
      return std::unexpected(end.error());
    }
    report.steps.push_back(*end);
  }
  report.bot = bot.username;
  return {};
}

StepReport look_at_sandbox(Session& session) {
  if (session.value("PI_PROVIDER").empty()) {
    return {.step = Step::sandbox, .ending = Ending::left_out, .detail = "a mock needs none"};
  }
  session.say_title(title_of(Step::sandbox));
  const auto finding = session.outside.probe_sandbox();
  if (finding.contained) {
    session.say_done(finding.text);
  } else {
    session.say_fault(finding.text);
  }
  return {.step = Step::sandbox,
          .ending = finding.contained ? Ending::done : Ending::failed,
          .detail = finding.text};
}

StepReport examine_all(Session& session) {
  session.say_title(title_of(Step::doctor));
  const bool works = session.outside.examine([&session](std::string_view line) { session.say(line); });
  return {.step = Step::doctor,
          .ending = works ? Ending::done : Ending::failed,
          .detail = works ? "" : "not everything is well: butler doctor"};
}

std::optional<Stop> find_missing(const Session& session) {
  if (session.asks()) return std::nullopt;
  std::string text;
  for (const auto& [what, how] : missing_answers(session.given, session.environment))
    text += (text.empty() ? "" : "\n") + what + " is missing: " + how;
  if (text.empty()) return std::nullopt;
  return Stop{.why = Stop::Why::missing, .text = text};
}

}  // namespace

StepReport set_up_secrets(Session& session) {
  StepReport report{.step = Step::secrets, .ending = Ending::kept};
  std::vector<config::EnvChange> changes;
  for (const char* const name : {"ORCH_GATEWAY_TOKEN", "ORCH_WORKER_TOKEN"}) {
    if (session.value(name).empty())
      changes.push_back({.name = name, .value = session.outside.random_secret()});
  }
  if (changes.empty() || session.outside.has_local_secrets()) return report;
  session.save(changes);
  report.ending = Ending::done;
  return report;
}

bool SetupReport::succeeded() const {
  return !stop &&
         std::ranges::none_of(steps, [](const StepReport& step) { return step.ending == Ending::failed; });
}

SetupReport run_setup(Session& session) {
  SetupReport report;
  report.stop = find_missing(session);
  if (report.stop) return report;
  if (session.given.skip_checks)
    session.say_doubt("--skip-checks: nothing will show that the token and the key work.");
  const auto purpose = find_purpose(session);
  if (!purpose) {
    report.stop = purpose.error();
    return report;
  }
  if (const auto asked = ask_steps(session, *purpose, report); !asked) {
    report.stop = asked.error();
    return report;
  }
  report.steps.push_back(set_up_secrets(session));
  report.steps.push_back(look_at_sandbox(session));
  report.steps.push_back(
      session.given.skip_checks
          ? StepReport{.step = Step::doctor, .ending = Ending::left_out, .detail = "--skip-checks"}
          : examine_all(session));
  return report;
}

json::Object to_json(const SetupReport& report) {
  json::Array steps;
  for (const auto& step : report.steps) {
    steps.push_back(json::Object{
        {"step", step_name(step.step)}, {"outcome", ending_name(step.ending)}, {"detail", step.detail}});
  }
  json::Object object{{"ok", report.succeeded()}, {"steps", std::move(steps)}};
  if (!report.stop) return object;
  switch (report.stop->why) {
    case Stop::Why::interrupted: object["stopped"] = "interrupted"; break;
    case Stop::Why::failed: object["stopped"] = "failed"; break;
    case Stop::Why::missing: object["stopped"] = "missing_answers"; break;
  }
  object["error"] = report.stop->text;
  return object;
}

}  // namespace butler::setup
