#include "config/values.hpp"
#include "config/variables.hpp"
#include "setup/session.hpp"

namespace butler::setup {

namespace {

constexpr const char* token_name = "TELEGRAM_BOT_TOKEN";

std::optional<std::string> find_token_fault(const std::string& token) {
  if (token.empty()) return "it is empty";
  return config::find_fault(*config::find_variable(token_name), token);
}

/// A token that reads as one.
std::expected<std::string, Stop> ask_for_token(Session& session) {
  session.say("Write /newbot to @BotFather in Telegram. It asks for two names and gives you a token.");
  while (true) {
    const auto token = session.prompter.ask_hidden("The bot's token (it is not shown):");
    if (!token) return std::unexpected(stop_of(token.error()));
    const auto fault = find_token_fault(*token);
    if (!fault) return *token;
    session.say_fault("That is no token: " + *fault + ".");
  }
}

StepEnd keep_token(Session& session, const std::string& token, const std::string& note) {
  session.save({{.name = token_name, .value = token}});
  return StepReport{.step = Step::bot, .detail = note};
}

/// nullopt: another token has to be asked for.
std::expected<std::optional<StepReport>, Stop> try_token(Session& session, const std::string& token,
                                                         Bot& bot) {
  if (session.given.skip_checks) {
    session.say_doubt("Not checked (--skip-checks): whether Telegram knows this token.");
    return keep_token(session, token, "not checked");
  }
  while (true) {
    const auto found = session.outside.check_bot(token);
    if (found) {
      bot = *found;
      session.say_done("Telegram knows it: @" + bot.username + ".");
      return keep_token(session, token, "@" + bot.username);
    }
    const Trouble& trouble = found.error();
    if (trouble.kind == Trouble::Kind::interrupted || !session.asks())
      return std::unexpected(stop_of(trouble));
    session.say_fault(trouble.text);
    if (trouble.kind == Trouble::Kind::refused) return std::nullopt;
    const auto again = terminal::ask_yes_or_no(session.prompter, "Try once more?", true);
    if (!again) return std::unexpected(stop_of(again.error()));
    if (!*again) {
      return std::unexpected(Stop{.text = "Telegram could not be asked. --skip-checks goes on without it."});
    }
  }
}

}  // namespace

StepEnd set_up_bot(Session& session, Bot& bot) {
  std::optional<std::string> token = session.given.bot_token;
  if (token) {
    if (const auto fault = find_token_fault(*token))
      return std::unexpected(Stop{.text = "The bot's token that was given is none: " + *fault + "."});
  }
  while (true) {
    if (!token) {
      auto typed = ask_for_token(session);
      if (!typed) return std::unexpected(typed.error());
      token = std::move(*typed);
    }
    const auto end = try_token(session, *token, bot);
    if (!end) return std::unexpected(end.error());
    if (*end) return **end;
    token.reset();
  }
}

}  // namespace butler::setup
