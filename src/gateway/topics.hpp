#pragma once

#include <cstddef>
#include <string>

#include "domain/chat_command.hpp"
#include "gateway/control_request.hpp"
#include "gateway/flood_control.hpp"
#include "gateway/gateway_store.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// The name of a topic as Telegram takes it: one line of at most 128 characters. Pure.
std::string topic_name(std::string_view typed);

/// Makes a topic for a task in a private chat. Telegram has no idempotency key for that, so the asking is
/// noted first: after a crash in between nobody asks again, and the person is told to look.
class Topics {
 public:
  Topics(GatewayStore& store, telegram::BotApi& api, FloodControl& flood, telegram::Bot bot,
         std::size_t prompt_max_chars)
      : store_(store), api_(api), flood_(flood), bot_(std::move(bot)), prompt_max_chars_(prompt_max_chars) {}

  /// The answer to /topic, and what comes first in the new topic: its request, or a greeting.
  ControlAnswer make(domain::TopicCommand command, const ControlRequest& request);

  /// The command's answer is stored, in the open unit: what was noted so that no topic is made twice can go.
  void settled(const ControlRequest& request);

 private:
  /// Asked again when it was off: it can be switched on while we run.
  boost::asio::awaitable<bool> has_topics();
  ControlResult made(const domain::TopicCommand& command, const ControlRequest& request, std::int64_t thread);

  GatewayStore& store_;
  telegram::BotApi& api_;
  FloodControl& flood_;
  telegram::Bot bot_;
  std::size_t prompt_max_chars_;
};

}  // namespace butler::gateway
