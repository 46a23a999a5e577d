#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/chat_command.hpp"
#include "domain/permissions.hpp"
#include "gateway/button_records.hpp"
#include "telegram/update.hpp"

/// Who may press a button, and what a press asks for. Pure.
namespace butler::gateway {

/// All that counts of a press and of the button that it names.
struct PressFacts {
  /// Under which message, as Telegram says; unset when it does not say.
  std::optional<telegram::Message> message = {};
  bool accessible = true;    ///< false: Telegram says nothing but the chat and the id of the message
  std::int64_t chat_id = 0;  ///< of the message, or of the supergroup that its group became
  std::int64_t person_id = 0;
  std::optional<domain::Role> role = {};  ///< nullopt for a stranger

  std::optional<ButtonRow> button = {};           ///< that the token names
  std::optional<KeyboardRow> keyboard = {};       ///< on which it stands
  bool pressed_before = false;                    ///< a press in its matter waits for its outcome
  std::optional<std::int64_t> requester_id = {};  ///< of the job that it is about, where that is known
};

enum class PressVerdict : std::uint8_t {
  taken,
  unknown,     ///< no button of ours, or one that is forgotten
  elsewhere,   ///< not from the message under which the button was put
  stranger,    ///< nobody we listen to
  not_theirs,  ///< the button is for somebody else
  owners_only,
  in_private_only,
  over,     ///< it was used, decided or replaced
  expired,  ///< its time is over
  busy,     ///< somebody has just pressed
};

BOOST_DESCRIBE_ENUM(PressVerdict, taken, unknown, elsewhere, stranger, not_theirs, owners_only,
                    in_private_only, over, expired, busy)

/// Decides about a press, as the command in words would be decided about, and that the button is where it was
/// put. Refuses by default.
PressVerdict judge_press(const PressFacts& facts, const domain::PermissionRules& rules,
                         domain::Timestamp now);

/// What a button needs the right to do.
domain::Action action_of(ButtonAction action);

/// What is decided by pressing a button, on whatever keyboard it stands. What only shows something is decided
/// by nobody: its own.
std::string matter_of(const Button& button, std::string_view token);

// The matters that are decided also in other ways than by a press.
std::string job_matter(std::string_view job_id);
std::string approval_matter(std::string_view approval_id);
std::string stop_matter(std::string_view job_id);
std::string retry_matter(std::string_view job_id);
std::string pairing_matter(std::string_view code);

/// The command that does the same; nullopt for what the gateway does at once.
std::optional<domain::ChatCommand> command_of(const Button& button);

}  // namespace butler::gateway
