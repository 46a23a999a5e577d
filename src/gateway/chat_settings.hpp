#pragma once

#include <string>

#include "domain/permissions.hpp"
#include "gateway/buttons.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/language.hpp"

namespace butler::gateway {

/// Who wants to see or change what is set for a chat.
struct Setter {
  std::int64_t chat_id = 0;
  std::int64_t person_id = 0;
  domain::Role role = domain::Role::person;
  wording::Language language = wording::Language::en;
};

/// What a chat can choose for itself: how it sees what runs. Rows, so that it stays chosen.
class ChatSettings {
 public:
  explicit ChatSettings(GatewayStore& store) : store_(store) {}

  LiveMode live_mode(std::int64_t chat_id) const {
    return store_.live_mode(chat_id).value_or(LiveMode::status);
  }

  /// Does what was typed behind /settings, and says what came of it: "" shows, "mode draft" sets. In a group
  /// only an owner changes something.
  std::string obey(const std::string& arguments, const Setter& setter, domain::Timestamp now) const;

  /// The modes as buttons, the present one marked.
  Keyboard keyboard(std::int64_t chat_id) const;
  /// What a pressed button of keyboard() does ("mode=draft").
  PressOutcome press(const std::string& subject, const Setter& setter, domain::Timestamp now) const;

 private:
  std::string set_mode(LiveMode mode, const Setter& setter, domain::Timestamp now) const;

  GatewayStore& store_;
};

}  // namespace butler::gateway
