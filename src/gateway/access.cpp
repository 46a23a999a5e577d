#include "gateway/access.hpp"

#include <algorithm>

namespace butler::gateway {

namespace {

using telegram::ChatType;

Admission nobody(std::string_view reason) { return {Speaker::nobody, reason}; }

}  // namespace

Admission admit(const telegram::Update& update, const AccessRules& rules) {
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
  if (std::ranges::count(rules.owners, message.from->id) > 0) return {Speaker::owner};
  return private_chat ? Admission{Speaker::stranger} : nobody("a stranger in a group");
}

}  // namespace butler::gateway
