#pragma once

#include <sys/types.h>

#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>

#include "doctor/context.hpp"
#include "json/value.hpp"

namespace butler::doctor {

/// What a role's administration socket answers.
struct RoleAnswer {
  bool listening = false;  ///< somebody has the socket open
  bool denied = false;     ///< we may not connect to it
  pid_t pid = 0;           ///< who listens; 0 when that is not known
  std::string fault = {};  ///< why there is no answer although somebody listens
  json::Value body = {};
};

/// Asks a role ("gateway") of this home; answers within 3 s.
boost::asio::awaitable<RoleAnswer> ask_role(const Context& context, std::string_view role,
                                            std::string_view path);

}  // namespace butler::doctor
