#include "telegram/subscription.hpp"

namespace butler::telegram {

json::Array subscribed_updates() {
  return {"message", "edited_message", "callback_query", "my_chat_member", "stopped_message_generation"};
}

}  // namespace butler::telegram
