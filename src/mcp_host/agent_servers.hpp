#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "async/task_group.hpp"
#include "http/server.hpp"
#include "mcp_host/configuration.hpp"
#include "mcp_host/upstream.hpp"

namespace butler::mcp_host {

/// What all agents together have done since the start: tool calls, by what became of them.
struct Traffic {
  std::uint64_t answered = 0;
  std::uint64_t denied = 0;  ///< tools and methods that are not served
  std::uint64_t failed = 0;  ///< calls without an answer of the server's
};

/// Where servers come from and run. Outlives whoever uses it.
struct ServerSource {
  /// The server of a name, null when there is none. Asked for each request, so that a change counts at once.
  std::function<std::shared_ptr<const Server>(std::string_view)> find;
  std::filesystem::path folder;  ///< each server that is started here works in one of its name below it
  std::string search_path;       ///< PATH of those
};

/// Serves `/mcp/<name>` to one agent process while a job of it runs. One thread.
///
/// Each POST is one message of JSON-RPC, answered with one (MCP's streamable HTTP); there are no streams of
/// events, so GET is answered 405. A server that is started here begins with the agent's first request to it
/// and ends with stop(); it is this agent's alone.
class AgentServers {
 public:
  /// What is passed by reference outlives it.
  AgentServers(boost::asio::any_io_executor executor, const ServerSource& source, Traffic& traffic);
  ~AgentServers();

  /// From now on requests are served, for this job.
  void begin(std::string job);
  /// Nothing is served any more, and what is under way is given up.
  void end();
  /// end(), and the servers that were started are ended.
  void stop();
  /// After stop(): returns when nothing runs any more. To be called before the destructor.
  boost::asio::awaitable<void> close();

  /// True for what admit() is for.
  static bool is_for(const http::RequestHead& head);
  std::variant<http::Response, http::BodyLimit> admit(const http::RequestHead& head);
  boost::asio::awaitable<void> serve(http::Request request, http::Exchange& exchange);

 private:
  struct Passage;
  struct Entry {
    std::shared_ptr<const Server> server;
    std::unique_ptr<Upstream> upstream;
  };

  Upstream& upstream_of(const std::shared_ptr<const Server>& server);
  boost::asio::awaitable<void> answer(Passage& passage);
  boost::asio::awaitable<void> carry(Passage& passage, Call call);
  boost::asio::awaitable<void> end_session(Passage& passage);
  void deny(Passage& passage, Refusal refusal);

  boost::asio::any_io_executor executor_;
  const ServerSource& source_;
  Traffic& traffic_;
  std::string job_;
  bool open_ = false;
  std::map<std::string, Entry, std::less<>> entries_;
  std::list<std::unique_ptr<Upstream>> retired_;  ///< of servers that were configured anew
  std::list<async::TaskGroup*> under_way_;
};

}  // namespace butler::mcp_host
