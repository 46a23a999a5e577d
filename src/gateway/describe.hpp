#pragma once

#include <boost/describe.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "domain/enum_name.hpp"
#include "gateway/gateway_store.hpp"

/// Names of the enumerators, as gateway.db and the logs spell them.
namespace butler::gateway {

BOOST_DESCRIBE_ENUM(InboxState, received, in_turn, control, done, dropped, broken)
BOOST_DESCRIBE_ENUM(TurnState, stored, created, answered, refused)
BOOST_DESCRIBE_ENUM(MessageKind, answer, failure, notice, approval)
BOOST_DESCRIBE_ENUM(Telling, too_many_waiting, rate_limit)
BOOST_DESCRIBE_ENUM(OutboxState, pending, sending, sent, uncertain, dead, discarded)

/// The enumerator that a row names. Throws for a name that the schema's CHECK would have refused.
template <class Enum>
Enum stored_enum(std::string_view name) {
  const auto value = domain::enum_from_name<Enum>(name);
  if (!value) throw std::logic_error("gateway.db: unknown name " + std::string{name});
  return *value;
}

}  // namespace butler::gateway
