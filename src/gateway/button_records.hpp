#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/timestamp.hpp"
#include "gateway/lane.hpp"

namespace butler::gateway {

/// What a button does.
enum class ButtonAction : std::uint8_t {
  approve_job,
  deny_job,
  allow_once,
  allow_session,
  allow_always,
  deny_tool,
  stop,
  retry,
  details,
  status,
  pair,
  refuse_pair,
  setting,
};

/// How a button looks: Telegram's `style`.
enum class ButtonStyle : std::uint8_t { plain, primary, success, danger };

/// A button under a message.
struct Button {
  std::string label = {};
  ButtonAction action = ButtonAction::status;
  /// What it is about: the id of a job ("" for the jobs of the chat: status only) or of an approval, a
  /// pairing's code, or a setting such as "mode=draft".
  std::string subject = {};
  ButtonStyle style = ButtonStyle::plain;

  bool operator==(const Button&) const = default;
};

/// The buttons under a message, row by row; at most 8 in a row.
struct Keyboard {
  std::vector<std::vector<Button>> rows = {};

  bool operator==(const Keyboard&) const = default;
};

/// Where a keyboard is shown, and to whom it answers.
struct Audience {
  Lane lane = {};
  std::optional<std::int64_t> person_id = {};  ///< who alone may press; unset: whoever may do what it does
  std::string job_id = {};  ///< whose end takes the keyboard away; "" for one that outlives every job
  std::optional<domain::Timestamp> expires_at = {};  ///< nothing can be pressed from then on

  bool operator==(const Audience&) const = default;
};

/// A button that was made.
struct ButtonRow {
  std::string token = {};  ///< what Telegram sends back when it is pressed
  std::int64_t keyboard_id = 0;
  std::int64_t place = 0;  ///< 8 in each row
  Button button = {};
  /// What is decided by pressing it, on whatever keyboard: "job:<id>", "approval:<id>"…
  std::string matter = {};
  bool used = false;                           ///< what it does has been done
  std::optional<std::string> used_label = {};  ///< shown in its place then; unset: it goes away

  bool operator==(const ButtonRow&) const = default;
};

/// A keyboard that was made.
struct KeyboardRow {
  std::int64_t id = 0;
  Audience audience = {};
  std::optional<std::int64_t> message_id = {};  ///< unset until Telegram is known to have the message
  std::optional<std::string> outcome = {};  ///< what became of it, as it is shown: "" for no button at all
  bool shown = true;                        ///< the message shows it as it is now

  bool operator==(const KeyboardRow&) const = default;
};

/// A press whose outcome is not known.
struct ButtonPress {
  std::string matter = {};
  std::int64_t update_id = 0;
  std::string token = {};
  std::string person_name = {};  ///< as others are told

  bool operator==(const ButtonPress&) const = default;
};

/// The gateway's memory of buttons. The contract of GatewayStore holds: every call is atomic, on disk when it
/// returns, and part of an open unit.
class ButtonRecords {
 public:
  virtual ~ButtonRecords() = default;

  /// Stores a keyboard with its buttons (their `keyboard_id` is not used) and returns its id.
  virtual std::int64_t add_keyboard(const Audience& audience, const std::vector<ButtonRow>& buttons,
                                    domain::Timestamp now) = 0;
  virtual void remove_keyboard(std::int64_t keyboard_id) = 0;
  virtual std::optional<KeyboardRow> keyboard(std::int64_t keyboard_id) = 0;
  /// The newest one under a message.
  virtual std::optional<KeyboardRow> keyboard_of(std::int64_t chat_id, std::int64_t message_id) = 0;
  virtual std::optional<ButtonRow> button(std::string_view token) = 0;
  /// In the order in which they are shown.
  virtual std::vector<ButtonRow> buttons_of(std::int64_t keyboard_id) = 0;

  /// Telegram has the message that carries the keyboard, in this lane. Former keyboards of that message are
  /// over.
  virtual void bind_keyboard(std::int64_t keyboard_id, Lane lane, std::int64_t message_id) = 0;

  /// False when somebody has pressed in this matter before, and the outcome of that is not known.
  virtual bool add_press(const ButtonPress& press) = 0;
  virtual std::optional<ButtonPress> press_in(std::string_view matter) = 0;
  virtual std::optional<ButtonPress> press_by(std::int64_t update_id) = 0;
  virtual void remove_press(std::int64_t update_id) = 0;

  /// What the buttons of the matter do is done: they go away, or `label` takes their place.
  virtual void use_buttons(std::string_view matter, const std::optional<std::string>& label) = 0;
  /// The label that took the place of the matter's buttons goes away, too; the keyboards that change by it.
  virtual std::vector<KeyboardRow> drop_button_labels(std::string_view matter) = 0;

  /// Those without an outcome that have a button of the matter, are about the job, or past their time.
  virtual std::vector<KeyboardRow> open_keyboards(std::string_view matter) = 0;
  virtual std::vector<KeyboardRow> open_keyboards_of_job(std::string_view job_id) = 0;
  virtual std::vector<KeyboardRow> expired_keyboards(domain::Timestamp now) = 0;
  virtual std::optional<domain::Timestamp> next_expiry() = 0;
  /// Ends a keyboard: its message is to show the outcome.
  virtual void end_keyboard(std::int64_t keyboard_id, std::string_view outcome) = 0;

  /// Chats with messages that do not show what their keyboard has become; and the oldest of a chat.
  virtual std::vector<std::int64_t> chats_with_keyboards_to_show() = 0;
  virtual std::optional<KeyboardRow> keyboard_to_show(std::int64_t chat_id) = 0;
  virtual void set_shown(std::int64_t keyboard_id) = 0;
  virtual void show_again(std::int64_t keyboard_id) = 0;
};

}  // namespace butler::gateway
