#pragma once

#include <optional>
#include <vector>

#include "json/value.hpp"
#include "setup/session.hpp"

namespace butler::setup {

/// What a run of setup came to.
struct SetupReport {
  std::vector<StepReport> steps;
  std::optional<Stop> stop = {};  ///< why it ended before its end
  std::string bot = {};           ///< the bot's name, when it is known

  /// It came to its end and nothing failed.
  bool succeeded() const;
};

/// Goes through setup: each step that is due asks, checks and is written to .env before the next one, so that
/// whatever ends it, the next run goes on there. Throws std::exception when .env cannot be written.
SetupReport run_setup(Session& session);

/// `{ok, steps: [{step, outcome, detail}], stopped?, error?}`: for programs.
json::Object to_json(const SetupReport& report);

}  // namespace butler::setup
