#pragma once

#include <functional>
#include <string>

#include "domain/permissions.hpp"
#include "domain/rate_limit.hpp"
#include "gateway/buttons.hpp"
#include "gateway/callback_answers.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/languages.hpp"
#include "gateway/pairing.hpp"
#include "gateway/people.hpp"
#include "gateway/press_rules.hpp"
#include "telegram/update.hpp"

namespace butler::gateway {

/// Presses of buttons, as they come: judges each and keeps it as a control command, or does at once what
/// needs nobody else. Everybody who presses is answered.
class Callbacks {
 public:
  struct Rules {
    domain::PermissionRules permissions = {};
    domain::RateLimit rate_limit = {};
  };

  /// `control_kept` is called when a press waits in the chat to be carried out, once that is on disk.
  Callbacks(GatewayStore& store, Buttons& buttons, const People& people, const Languages& languages,
            Pairing& pairing, CallbackAnswers& answers, Rules rules,
            std::function<void(std::int64_t chat_id)> control_kept)
      : store_(store),
        buttons_(buttons),
        people_(people),
        languages_(languages),
        pairing_(pairing),
        answers_(answers),
        rules_(rules),
        control_kept_(std::move(control_kept)) {}

  /// An update with a callback, inside the unit that stores it. Ends the update, or keeps it as a control.
  void take(const telegram::Update& update, domain::Timestamp now);

 private:
  PressFacts facts_of(const telegram::CallbackQuery& callback);
  void refuse(const telegram::Update& update, const PressFacts& facts, PressVerdict verdict);
  void obey(const Press& press, const telegram::CallbackQuery& callback, const PressFacts& facts);
  void set(const Press& press, const std::string& query_id, const PressFacts& facts);
  void decide_pairing(const Press& press, const std::string& query_id);
  /// False, and answered, when the person has asked for too much lately.
  bool within_rate(const Press& press, const std::string& query_id);
  void keep(const Press& press, const std::string& query_id, const PressFacts& facts);
  void end(std::int64_t update_id, InboxState state, std::string_view note, const std::string& query_id,
           CallbackAnswers::Toast toast);

  GatewayStore& store_;
  Buttons& buttons_;
  const People& people_;
  const Languages& languages_;
  Pairing& pairing_;
  CallbackAnswers& answers_;
  Rules rules_;
  std::function<void(std::int64_t)> control_kept_;
};

}  // namespace butler::gateway
