#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "config/environment.hpp"
#include "setup/given.hpp"
#include "setup/outside.hpp"
#include "terminal/prompter.hpp"
#include "terminal/style.hpp"

namespace butler::setup {

/// How a step ended.
struct StepReport {
  enum class Ending : std::uint8_t {
    done,
    kept,      ///< it was configured already
    warned,    ///< done, but something is not as it should be
    left_out,  ///< the person wants to do it later
    failed,
  };
  Step step = Step::bot;
  Ending ending = Ending::done;
  std::string detail = {};  ///< for people: a sentence, or a part of one; never a secret
};

/// Why setup ends before its end.
struct Stop {
  enum class Why : std::uint8_t {
    interrupted,  ///< Ctrl-C, or the input has ended
    failed,
    missing,  ///< an answer that nobody can be asked for
  };
  Why why = Why::failed;
  std::string text = {};  ///< a sentence; "" when the person knows
};

using StepEnd = std::expected<StepReport, Stop>;

struct Session;

/// Says one line behind a mark, made safe to print.
void say_marked(const Session& session, std::string_view mark, terminal::Style style, std::string_view text);

/// What the steps of one run share.
struct Session {
  terminal::Prompter& prompter;
  Outside& outside;
  Given given;
  config::Environment environment;  ///< with what has been saved meanwhile
  terminal::Palette palette = {};

  bool asks() const { return !given.yes; }
  std::string value(std::string_view name) const { return value_in(environment, name); }

  void say(std::string_view text) const { prompter.say(text); }
  void say_title(std::string_view text) const {
    prompter.say("\n" + palette.paint(text, terminal::Style::bold));
  }
  // One line each, which may quote what others have written.
  void say_done(std::string_view text) const { say_marked(*this, "✓ ", terminal::Style::green, text); }
  void say_doubt(std::string_view text) const { say_marked(*this, "! ", terminal::Style::yellow, text); }
  void say_fault(std::string_view text) const { say_marked(*this, "✗ ", terminal::Style::red, text); }

  /// Writes to .env, and knows it from then on.
  void save(const std::vector<config::EnvChange>& changes);
};

/// A question's end without an answer, as the end of setup.
Stop stop_of(terminal::NoAnswer no_answer);
/// Trouble outside, as the end of setup.
Stop stop_of(const Trouble& trouble);

StepEnd set_up_bot(Session& session, Bot& bot);
StepEnd set_up_owner(Session& session, const Bot& bot);
StepEnd set_up_model(Session& session);
StepReport set_up_secrets(Session& session);

}  // namespace butler::setup
