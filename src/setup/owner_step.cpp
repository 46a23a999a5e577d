#include <array>

#include "config/values.hpp"
#include "config/variables.hpp"
#include "setup/session.hpp"
#include "terminal/display_width.hpp"

namespace butler::setup {

namespace {

constexpr const char* owners_name = "TG_OWNER_IDS";

std::optional<std::string> find_ids_fault(const std::string& ids) {
  if (ids.empty()) return "expected a number";
  return config::find_fault(*config::find_variable(owners_name), ids);
}

StepEnd keep_owners(Session& session, const std::string& ids, const std::string& said) {
  session.save({{.name = owners_name, .value = ids}});
  session.say_done(said);
  return StepReport{.step = Step::owner, .detail = ids};
}

StepEnd ask_for_ids(Session& session) {
  session.say("@userinfobot tells you your id. Several, with commas between, are several owners.");
  while (true) {
    const auto ids = session.prompter.ask("Numeric id:");
    if (!ids) return std::unexpected(stop_of(ids.error()));
    const auto fault = find_ids_fault(*ids);
    if (!fault) return keep_owners(session, *ids, "Owner: " + *ids + ".");
    session.say_fault("That is no id: " + *fault + ".");
  }
}

void announce(const Session& session, const Bot& bot, const std::string& code, int minutes) {
  using terminal::Style;
  session.say("Open this link on the device where you have Telegram, and press Start:\n\n    " +
              session.palette.paint("https://t.me/" + bot.username + "?start=" + code, Style::cyan) +
              "\n\nOr send this to @" + bot.username + ":  " +
              session.palette.paint("/start " + code, Style::cyan) + "\nThe code works once, within " +
              std::to_string(minutes) + " minutes. Waiting for it…");
}

/// nullopt: the person has to choose again.
std::expected<std::optional<StepReport>, Stop> wait_for_code(Session& session, const Bot& bot) {
  const auto owner = session.outside.wait_for_owner(
      session.value("TELEGRAM_BOT_TOKEN"), bot,
      [&](const std::string& code, int minutes) { announce(session, bot, code, minutes); });
  if (owner) {
    const std::string id = std::to_string(owner->id);
    return keep_owners(
        session, id,
        terminal::printable_line(owner->name) + " (" + id + ") has sent the code and is the owner.");
  }
  if (owner.error().kind == Trouble::Kind::interrupted) return std::unexpected(stop_of(owner.error()));
  session.say_fault(owner.error().text);
  return std::nullopt;
}

}  // namespace

StepEnd set_up_owner(Session& session, const Bot& bot) {
  if (const auto& ids = session.given.owner_ids) {
    if (const auto fault = find_ids_fault(*ids))
      return std::unexpected(Stop{.text = "The owner's id that was given is none: " + *fault + "."});
    return keep_owners(session, *ids, "Owner: " + *ids + ".");
  }
  session.say("The bot obeys its owner; everybody else has to be let in.");
  if (bot.username.empty()) return ask_for_ids(session);
  static const std::array<std::string, 2> ways{"I send a code to the bot, and am the owner",
                                               "I type a numeric Telegram id"};
  while (true) {
    const auto way = terminal::ask_choice(session.prompter, "Who is the owner?", ways, 0);
    if (!way) return std::unexpected(stop_of(way.error()));
    if (*way == 1) return ask_for_ids(session);
    const auto end = wait_for_code(session, bot);
    if (!end) return std::unexpected(end.error());
    if (*end) return **end;
  }
}

}  // namespace butler::setup
