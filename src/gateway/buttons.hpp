#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "domain/permissions.hpp"
#include "gateway/button_records.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/language.hpp"
#include "json/value.hpp"
#include "telegram/update.hpp"

namespace butler::gateway {

/// A button that somebody who may do that has pressed.
struct Press {
  std::int64_t update_id = 0;
  Lane lane = {};
  std::int64_t message_id = 0;
  telegram::Person person = {};
  domain::Role role = domain::Role::person;
  domain::Place place = domain::Place::private_chat;
  ButtonAction action = ButtonAction::setting;
  std::string subject = {};
  domain::Timestamp now{};
};

/// What became of a press that was done at once.
struct PressOutcome {
  std::string toast = {};                 ///< at most 200 characters
  bool refused = false;                   ///< nothing was done: the button stays, and the toast is an alert
  std::optional<Keyboard> keyboard = {};  ///< takes the place of the one that was pressed
};

/// The inline keyboards under Butler's messages: opaque tokens as rows, bound to chat, topic, message,
/// person, expiry and use. What a keyboard has become is a row too, and shown on its message also after a
/// restart. One thread.
class Buttons {
 public:
  /// Called inside the unit in which the press is stored.
  using SettingHandler = std::function<PressOutcome(const Press&)>;
  /// Somebody who is about to decide.
  struct Decider {
    bool approves = false;
    std::string name = {};
  };
  using LanguageOf = std::function<wording::Language(Lane)>;
  /// What a keyboard in that chat shows in the end.
  using Label = std::function<std::string(Lane)>;

  /// `changed` hears of chats in which a message has to show its keyboard anew, once that is on disk.
  Buttons(GatewayStore& store, LanguageOf language_of, std::function<void(Lane)> changed)
      : store_(store), language_of_(std::move(language_of)), changed_(std::move(changed)) {}

  /// In which what is said with buttons in that lane is said.
  wording::Language language(Lane lane) const { return language_of_(lane); }

  /// Makes tokens for the keyboard, as rows in the open unit, and returns the `reply_markup` for the message
  /// that will carry it. A message of the outbox is bound to it when it was sent; whoever sends one by other
  /// ways calls sent(). Throws std::logic_error for a keyboard that Telegram would not take.
  json::Object markup(const Keyboard& keyboard, const Audience& audience);

  /// A message with this markup (of markup()) was sent, or edited to carry it: what its former keyboard could
  /// do is over.
  void sent(const json::Object& markup, Lane lane, std::int64_t message_id);

  /// The `reply_markup` that the message should carry now: what was pressed and decided meanwhile is in it.
  /// For whoever edits the text of a message, because an edit without it takes the buttons away. Without rows
  /// when no keyboard of ours is under it.
  json::Object shown(std::int64_t chat_id, std::int64_t message_id);
  /// The same of a keyboard.
  json::Object shown(const KeyboardRow& keyboard);

  /// The message that this markup was made for is not sent after all.
  void forget(const json::Object& markup);

  /// Somebody sets out to decide the matter, or has (nullopt): whoever learns of the decision first knows
  /// whose it is. A press is remembered across restarts.
  void deciding(const std::string& matter, std::optional<Decider> who);
  std::optional<Decider> decider(const std::string& matter);

  /// The matter is decided, in whatever way: every keyboard about it turns into its outcome.
  void decided(const std::string& matter, const Label& outcome);
  /// What the buttons of the matter do is done: they go away, or turn into the label; others stay.
  void used(const std::string& matter, const std::optional<std::string>& label = {});
  /// The job is over: what could be done about it cannot be done any more.
  void job_ended(const std::string& job_id);
  /// Ends what is past its time.
  void expire(domain::Timestamp now);

  /// Another keyboard takes the place of the one under a message.
  void replace(const KeyboardRow& keyboard, const Keyboard& by);

  /// What a pressed `setting` does. Without a handler nothing happens, and the person is told so.
  void on_setting(SettingHandler handler) { setting_ = std::move(handler); }
  const SettingHandler& setting_handler() const { return setting_; }

 private:
  void end(const KeyboardRow& keyboard, const std::string& outcome);
  void tell_changed(Lane lane);

  GatewayStore& store_;
  LanguageOf language_of_;
  std::function<void(Lane)> changed_;
  SettingHandler setting_;
  std::map<std::string, Decider> deciders_;  ///< by matter
};

}  // namespace butler::gateway
