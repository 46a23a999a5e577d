#include "gateway/access.hpp"

#include <algorithm>

namespace butler::gateway {

namespace {

using telegram::ChatType;

Admission nobody(std::string_view reason) { return {.speaker = Speaker::nobody, .reason = reason}; }

}  // namespace

std::optional<domain::Role> role_of(std::int64_t person_id, const AccessRules& rules, bool paired) {
  if (std::ranges::count(rules.owners, person_id) > 0) return domain::Role::owner;
  if (paired || std::ranges::count(rules.allowed, person_id) > 0) return domain::Role::person;
  return std::nullopt;
}

std::optional<domain::Role> role_of(Speaker speaker) {
  if (speaker == Speaker::owner) return domain::Role::owner;
  if (speaker == Speaker::person) return domain::Role::person;
  return std::nullopt;
}

Admission admit(const telegram::Update& update, const RoleOf& role_of) {
  if (!update.message) return nobody("not a message");
  const telegram::Message& message = *update.message;
  if (message.foreign_chat) return nobody("a guest or business message");
  if (message.chat_type == ChatType::channel || message.chat_type == ChatType::unknown) {
    return nobody("a channel, or a chat of unknown type");
  }
  if (message.sender_chat) return nobody("an anonymous admin or a channel");
  if (message.automatic_forward) return nobody("an automatic forward");
  if (message.via_bot) return nobody("written by an inline bot");
  if (!message.from) return nobody("nobody in `from`");
  if (message.from->is_bot) return nobody("a bot");
  if (message.content == telegram::Content::service) return nobody("a service message");

  const bool private_chat = message.chat_type == ChatType::private_chat;
  if (private_chat && message.chat_id != message.from->id) return nobody("a private chat of somebody else");
  if (const auto role = role_of(message.from->id)) {
    return {.speaker = *role == domain::Role::owner ? Speaker::owner : Speaker::person};
  }
  return private_chat ? Admission{.speaker = Speaker::stranger} : nobody("a stranger in a group");
}

}  // namespace butler::gateway
