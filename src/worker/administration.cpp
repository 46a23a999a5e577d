#include "worker/administration.hpp"

#include <utility>

namespace butler::worker {

namespace {

double dollars(domain::Usd amount) {
  return static_cast<double>(amount.billionths) / static_cast<double>(domain::Usd::one);
}

/// A counter that somebody else counts.
void raise(metrics::Counter& counter, std::uint64_t to) {
  counter.add(static_cast<double>(to) - counter.value());
}

void add_metrics(metrics::Registry& registry, const StatusOf& status_of) {
  auto& slots = registry.gauge({"butler_worker_slots", "Jobs that may run at the same time."});
  auto& running = registry.gauge({"butler_worker_jobs_running", "Jobs that run now."});
  auto& sessions = registry.gauge({"butler_worker_sessions", "Agent processes, warm or at work."});
  auto& spent = registry.gauge({"butler_worker_spent_today_usd", "What the day's model requests have cost."});
  auto& requests = registry.counters({"butler_worker_model_requests_total",
                                      "Requests of agents to the model, by what became of them.",
                                      {"outcome"}});
  auto& estimated = registry.counter(
      {"butler_worker_model_requests_estimated_total", "Answers whose cost had to be estimated."});
  auto& connections = registry.counters({"butler_worker_egress_connections_total",
                                         "Connections of agents to other hosts, by what became of them.",
                                         {"outcome"}});
  auto& bytes = registry.counters({"butler_worker_egress_bytes_total",
                                   "Bytes between agents and other hosts, of connections that have ended.",
                                   {"direction"}});
  auto& mcp =
      registry.counters({"butler_worker_mcp_calls_total",
                         "Calls of agents to MCP servers that the worker asks, by what became of them.",
                         {"outcome"}});
  registry.before_text([&, status_of] {
    const auto now = status_of();
    slots.set(static_cast<double>(now.slots));
    running.set(static_cast<double>(now.running));
    sessions.set(static_cast<double>(now.sessions));
    spent.set(dollars(now.spent_today.value_or(domain::Usd{})));
    raise(requests.with({"answered"}), now.traffic.requests);
    raise(requests.with({"refused_by_budget"}), now.traffic.refused);
    raise(requests.with({"error"}), now.traffic.errors);
    raise(estimated, now.traffic.estimated);
    raise(connections.with({"allowed"}), now.egress.allowed);
    raise(connections.with({"denied"}), now.egress.denied);
    raise(connections.with({"failed"}), now.egress.failed);
    raise(connections.with({"cut"}), now.egress.cut);
    raise(mcp.with({"answered"}), now.mcp.answered);
    raise(mcp.with({"denied"}), now.mcp.denied);
    raise(mcp.with({"failed"}), now.mcp.failed);
    raise(bytes.with({"sent"}), now.egress.sent);
    raise(bytes.with({"received"}), now.egress.received);
  });
}

}  // namespace

json::Object health_members(const WorkerStatus& status) {
  json::Object members{{"mode", status.mode},       {"slots", status.slots},
                       {"running", status.running}, {"sessions", status.sessions},
                       {"sandbox", status.sandbox}, {"orchestratorReachable", status.orchestrator}};
  members["policy"] = status.policy_profile;
  if (status.policy_problem) members["policyProblem"] = *status.policy_problem;
  return members;
}

json::Object spending_members(const WorkerStatus& status) {
  json::Object members;
  if (status.spent_today) members["todayUsd"] = dollars(*status.spent_today);
  if (status.budgets.per_day) members["budgetPerDayUsd"] = dollars(*status.budgets.per_day);
  if (status.budgets.per_job) members["budgetPerJobUsd"] = dollars(*status.budgets.per_job);
  members["requests"] = status.traffic.requests;
  members["refusedByBudget"] = status.traffic.refused;
  members["estimated"] = status.traffic.estimated;
  return members;
}

void add_administration(admin::AdminSocket& socket, metrics::Registry& registry, const StatusOf& status_of) {
  add_metrics(registry, status_of);
  socket.add(admin::health_route("worker", [status_of] { return health_members(status_of()); }));
  socket.add(admin::metrics_route(registry));
  socket.add({.method = "GET", .path = "/spending", .handler = [status_of](const admin::Call&) {
                return admin::json_response(200, spending_members(status_of()));
              }});
}

}  // namespace butler::worker
