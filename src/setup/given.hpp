#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/environment.hpp"

/// What setup knows before it asks, and what follows from that. Pure.
namespace butler::setup {

/// What to do with an installation that is configured already.
enum class Intent : std::uint8_t {
  keep,        ///< only what is missing
  change,      ///< the steps that the person names
  start_over,  ///< every step again
};

/// The parts of setup, in their order.
enum class Step : std::uint8_t { bot, owner, model, sandbox, secrets, doctor };

/// "bot", "owner", …: also what programs read.
std::string_view step_name(Step step);

/// What was said beforehand: by options, else by the environment.
struct Given {
  std::optional<std::string> bot_token = {};
  std::optional<std::string> owner_ids = {};
  std::optional<std::string> provider = {};  ///< "none" for no model yet
  std::optional<std::string> model = {};
  std::optional<std::string> provider_key = {};
  std::string key_variable = {};  ///< the variable that the key came from; "" for a key from elsewhere
  std::optional<Intent> intent = {};
  bool yes = false;  ///< nobody is asked
  bool skip_checks = false;
};

/// The answers that stand in the environment of the process, which goes before .env, taken as said
/// beforehand where no option says so.
Given with_environment(Given given, const config::Environment& environment);

/// The variable's value, from wherever; "" when it is not set.
std::string value_in(const config::Environment& environment, std::string_view name);

/// Whether this step's answers stand in the configuration. Of those steps that ask something.
bool is_configured(Step step, const config::Environment& environment);

/// Whether the step has to be gone through: its answers are missing, or given anew, or everything is.
bool is_due(Step step, Intent intent, const Given& given, const config::Environment& environment);

/// An answer that nobody can be asked for.
struct MissingAnswer {
  std::string what = {};
  std::string how_to_give = {};  ///< the options and the variable
};

/// What --yes lacks, all at once.
std::vector<MissingAnswer> missing_answers(const Given& given, const config::Environment& environment);

}  // namespace butler::setup
