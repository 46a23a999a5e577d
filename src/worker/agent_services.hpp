#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task_group.hpp"
#include "config/settings.hpp"
#include "egress/connect_handler.hpp"
#include "http/listening_socket.hpp"
#include "mcp_host/agent_servers.hpp"
#include "model_proxy/proxy.hpp"
#include "worker/conversation.hpp"
#include "worker/job_files.hpp"
#include "worker/provider_setup.hpp"
#include "worker/service_token.hpp"
#include "worker/spending.hpp"

namespace butler::worker {

/// Whom an agent process works for, as long as it lives.
struct AgentIdentity {
  WorkspaceOwner owner = {};
  std::string session_key = {};
};

/// What one agent process can reach, served on a listener of its own. Nothing is served but between begin()
/// and end(), and to nobody without its token. One thread.
class AgentAccess {
 public:
  /// Ends: what is connected is cut, and the listener is closed.
  ~AgentAccess();
  AgentAccess(const AgentAccess&) = delete;
  AgentAccess& operator=(const AgentAccess&) = delete;

  /// Where the agent finds it on 127.0.0.1, as numbered where the listener was made.
  std::uint16_t port() const;

  /// Writes the agent's models.json: the address of its model, and a token that is worth nothing elsewhere.
  /// Throws std::system_error.
  void configure(const std::filesystem::path& agent_folder) const;

  /// From now on requests are served, for this job; `hooks` until end(), and `files` until settle() has
  /// returned: without them no file is taken.
  void begin(std::string job, egress::JobHooks hooks = {}, JobFiles* files = nullptr);
  /// Nothing new is served, connections to other hosts and files on their way are cut; what the model is
  /// asked already goes on.
  void hold();
  /// Nothing is served any more, and what is under way is cut off.
  void end();
  /// After end(): returns when the hooks and files are no longer in use.
  boost::asio::awaitable<void> settle();

  /// Why a budget has refused a request since begin(), as a sentence for the person who asked.
  const std::optional<std::string>& refusal() const;

 private:
  friend class AgentServices;
  class Site;
  AgentAccess(std::shared_ptr<Site> site, async::TaskGroup& tasks);

  std::shared_ptr<Site> site_;  // shared with its server's coroutines
  async::TaskGroup& tasks_;
};

/// What agents are served by the worker: their model, through the one proxy that has the key, MCP servers
/// that need secrets, other hosts as far as they are allowed, and the way of a file to whoever asked.
class AgentServices {
 public:
  /// Which hosts an agent may reach. Asked for each connection, so that a change counts at once.
  using HostPolicyOf = std::function<egress::HostPolicy(const AgentIdentity&)>;

  using FindServer = std::function<std::shared_ptr<const mcp_host::Server>(std::string_view)>;

  /// Without `hosts`, no host can be reached, and without `servers` no MCP server. Throws std::runtime_error
  /// when the provider cannot be had without giving the agent its key, and std::system_error when the ledger
  /// cannot be used.
  AgentServices(const boost::asio::any_io_executor& executor, const config::WorkerSettings& settings,
                HostPolicyOf hosts = {}, FindServer servers = {});

  /// Serves one agent process on this listener, by this token. The result is destroyed before shut_down().
  /// Throws std::system_error.
  std::unique_ptr<AgentAccess> open(http::ListeningSocket listener, AgentIdentity identity,
                                    ServiceToken token);
  /// Returns when nothing is served any more.
  boost::asio::awaitable<void> shut_down();

  /// What the provider needs in pi's environment, besides; nothing secret.
  const std::vector<std::string>& model_environment() const { return setup_.agent_environment; }

  /// Whether the model takes pictures; nullopt when nothing is known of it.
  std::optional<bool> model_sees_pictures() const { return setup_.sees_pictures; }

  const model_proxy::Traffic& traffic() const { return proxy_.traffic(); }
  const egress::Traffic& egress() const { return egress_; }
  const mcp_host::Traffic& mcp() const { return mcp_; }
  /// Spent today.
  domain::Usd spent_today() { return spending_.spent("").today; }

 private:
  boost::asio::any_io_executor executor_;
  std::string provider_;
  ProviderSetup setup_;
  Spending spending_;
  model_proxy::ModelProxy proxy_;
  egress::SystemResolver resolver_;
  egress::Traffic egress_;
  HostPolicyOf hosts_;
  mcp_host::ServerSource mcp_servers_;
  mcp_host::Traffic mcp_;
  std::filesystem::path spool_;
  async::TaskGroup tasks_;
};

}  // namespace butler::worker
