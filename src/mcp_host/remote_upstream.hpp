#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <set>
#include <string>

#include "http/client.hpp"
#include "mcp_host/upstream.hpp"

namespace butler::mcp_host {

/// A server that is asked over HTTP ("streamable HTTP" of MCP 2025-06-18): at its one address, with the
/// configured headers and nothing of the agent's but the filtered message. Redirects are not followed.
/// Whether the server answers with JSON or with events: of them the answer is taken, the rest is let go.
class RemoteUpstream final : public Upstream {
 public:
  /// `server` is a RemoteServer.
  RemoteUpstream(const boost::asio::any_io_executor& executor, std::shared_ptr<const Server> server);

  boost::asio::awaitable<Reply> ask(Call call, SessionFields session, Deadline deadline) override;
  boost::asio::awaitable<bool> end_session(SessionFields session, Deadline deadline) override;
  void stop() override {}
  boost::asio::awaitable<void> close() override;

 private:
  http::Request request(std::string_view method, const SessionFields& session) const;
  boost::asio::awaitable<Reply> read(const Call& call, http::ResponseStream& stream, Deadline deadline);

  std::shared_ptr<const Server> server_;
  const RemoteServer& remote_;
  http::Client client_;
  std::set<std::string, std::less<>> sessions_;  ///< that this agent was given: it may name no other
};

}  // namespace butler::mcp_host
