#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "console/connection.hpp"
#include "console/job_search.hpp"
#include "console/streams.hpp"

/// Who decides in the terminal: the machine's owner, because only they can read the gateway's token. They may
/// decide about everything, as an owner of the bot may in their private chat, and it is noted under their
/// name in the terminal ("cli:anna"), never under a name from a chat. Nothing changes for chats: what is
/// decided there is still decided by the owners whom the configuration names, and a chat cannot name the
/// terminal's jobs. Where other users could read the token, nobody is known to be the owner, and nothing is
/// allowed. A tool call is decided by its own id, which stands for exactly what was shown, never by its
/// job's.
namespace butler::console {

struct Decision {
  domain::ApprovalVerdict verdict = domain::ApprovalVerdict::deny;
  domain::ApprovalScope scope = domain::ApprovalScope::once;
  std::string reason = {};
};

/// Decides about a call. Throws Failure when it is too late, or the scope is not offered.
boost::asio::awaitable<api::Approval> decide_call(Connection& connection, WaitingCall call,
                                                  Decision decision);

/// `butler job approve` and `butler job deny`. Returns the exit status. Throws Failure.
int decide_in_shell(const Access& access, const std::string& typed, const Decision& decision,
                    Streams streams);

}  // namespace butler::console
