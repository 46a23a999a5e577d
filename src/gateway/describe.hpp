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
BOOST_DESCRIBE_ENUM(LiveMode, off, status, draft, edit)
BOOST_DESCRIBE_ENUM(PartForm, said, fresh, rest, command)
BOOST_DESCRIBE_ENUM(OutboxState, pending, sending, sent, uncertain, dead, discarded)
BOOST_DESCRIBE_ENUM(FileState, waiting, handed_over, missing, of_no_use)
BOOST_DESCRIBE_ENUM(ButtonAction, approve_job, deny_job, allow_once, allow_session, allow_always, deny_tool,
                    stop, retry, details, status, pair, refuse_pair, setting)
BOOST_DESCRIBE_ENUM(ButtonStyle, plain, primary, success, danger)

/// The enumerator that a row names. Throws for a name that the schema's CHECK would have refused.
template <class Enum>
Enum stored_enum(std::string_view name) {
  const auto value = domain::enum_from_name<Enum>(name);
  if (!value) throw std::logic_error("gateway.db: unknown name " + std::string{name});
  return *value;
}

}  // namespace butler::gateway
