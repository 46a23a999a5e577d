#pragma once

#include <boost/describe.hpp>

#include "domain/enum_name.hpp"
#include "gateway/gateway_store.hpp"

/// Names of the enumerators, as gateway.db and the logs spell them.
namespace butler::gateway {

BOOST_DESCRIBE_ENUM(InboxState, received, in_turn, control, done, dropped, broken)
BOOST_DESCRIBE_ENUM(TurnState, stored, created, answered, refused)
BOOST_DESCRIBE_ENUM(MessageKind, answer, notice, approval)
BOOST_DESCRIBE_ENUM(OutboxState, pending, sending, sent, uncertain, dead)

}  // namespace butler::gateway
