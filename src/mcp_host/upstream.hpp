#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "json/value.hpp"
#include "mcp_host/message_filter.hpp"

namespace butler::mcp_host {

/// What of an agent's HTTP request goes on to a server that is asked over HTTP.
struct SessionFields {
  std::string id = {};                ///< `Mcp-Session-Id`, "" for none
  std::string protocol_version = {};  ///< `MCP-Protocol-Version`, "" for none
};

/// What a server has said to a call.
struct Reply {
  std::optional<json::Object> answer = {};  ///< not filtered yet; nullopt for a notification, or a failure
  std::string failure = {};     ///< why there is no answer, in words for the agent; may hold secrets
  std::string session_id = {};  ///< of a session that has just begun, "" for none
  bool session_gone = false;    ///< the server does not know the session any more
};

/// One MCP server as one agent asks it. One thread.
class Upstream {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  virtual ~Upstream() = default;

  /// Cancelling the task gives the call up.
  virtual boost::asio::awaitable<Reply> ask(Call call, SessionFields session, Deadline deadline) = 0;
  /// Ends a session that the server has given; false when it has none of that name.
  virtual boost::asio::awaitable<bool> end_session(SessionFields session, Deadline deadline) = 0;

  /// Ends what runs. Calls end with a failure.
  virtual void stop() = 0;
  /// After stop(): returns when nothing runs any more. To be called before the destructor.
  virtual boost::asio::awaitable<void> close() = 0;
};

}  // namespace butler::mcp_host
