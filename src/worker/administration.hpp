#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "admin/admin_socket.hpp"
#include "domain/usd.hpp"
#include "egress/connect_handler.hpp"
#include "json/value.hpp"
#include "mcp_host/agent_servers.hpp"
#include "metrics/registry.hpp"
#include "model_proxy/budget.hpp"
#include "model_proxy/proxy.hpp"

namespace butler::worker {

/// What an operator may ask a worker.
struct WorkerStatus {
  std::string mode;           ///< "rpc", "mock"
  std::size_t slots = 0;      ///< jobs that may run at the same time
  std::size_t running = 0;    ///< jobs that do
  std::size_t sessions = 0;   ///< agents that are warm or at work
  bool orchestrator = false;  ///< it answered the last claim that came back
  model_proxy::Traffic traffic = {};
  egress::Traffic egress = {};
  mcp_host::Traffic mcp = {};
  std::optional<domain::Usd> spent_today;  ///< unset: no model is asked
  model_proxy::Budgets budgets = {};
  std::string sandbox = {};  ///< what contains the agents, as in bwrap/1; "none" for the mock
  std::string policy_profile = {};
  std::optional<std::string> policy_problem = {};  ///< what is wrong with the policy's file
};

using StatusOf = std::function<WorkerStatus()>;

/// The members of `GET /health` beside those that every role has. Pure.
json::Object health_members(const WorkerStatus& status);

/// `GET /spending`: today's, and the budgets; amounts in dollars. Pure.
json::Object spending_members(const WorkerStatus& status);

/// Adds the worker's routes, and its metrics to the registry. Registry and `status_of` outlive the socket.
void add_administration(admin::AdminSocket& socket, metrics::Registry& registry, const StatusOf& status_of);

}  // namespace butler::worker
