#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "http/server.hpp"
#include "model_proxy/proxy.hpp"
#include "worker/provider_setup.hpp"
#include "worker/spending.hpp"

namespace butler::worker {

/// The way from agents to their model: the proxy on its listener, and what an agent needs to find it.
class ModelAccess {
 public:
  /// Throws std::runtime_error when the provider cannot be had without giving the agent its key, and
  /// std::system_error when the ledger cannot be used.
  ModelAccess(const boost::asio::any_io_executor& executor, const config::WorkerSettings& settings);

  /// Listens where agents come to: a TCP port, which they reach as 127.0.0.1.
  void listen(http::ListeningSocket socket);
  /// Serves until shut_down().
  boost::asio::awaitable<void> run();
  boost::asio::awaitable<void> shut_down();

  /// The right of a new agent process, not yet in use.
  std::unique_ptr<model_proxy::Grant> grant() { return proxy_.grant(); }

  /// Writes the agent's models.json, with the grant's token.
  void configure(const std::filesystem::path& agent_folder, const model_proxy::Grant& grant) const;
  /// What the provider needs in pi's environment, besides; nothing secret.
  const std::vector<std::string>& environment() const { return setup_.agent_environment; }

  const model_proxy::Traffic& traffic() const { return proxy_.traffic(); }
  /// Spent today.
  domain::Usd spent_today() { return spending_.spent("").today; }

 private:
  std::string provider_;
  ProviderSetup setup_;
  Spending spending_;
  model_proxy::ModelProxy proxy_;
  http::Server server_;
};

}  // namespace butler::worker
