#include "worker/network_gate.hpp"

#include <string>
#include <utility>

#include "log/log.hpp"
#include "worker/events.hpp"
#include "worker/tool_decision.hpp"

namespace butler::worker {

namespace asio = boost::asio;

namespace {

asio::awaitable<egress::HostDecision> ask_at(const ToolGate& gate, AgentListener& listener,
                                             egress::HostQuestion question) {
  HostQuestion host{.host = question.target.host, .port = question.target.port};
  auto permission = co_await gate.admit(std::move(host), listener);
  co_return egress::HostDecision{.allowed = permission.allowed, .reason = std::move(permission.reason)};
}

}  // namespace

egress::HostPolicy host_policy(const policy::Policy& policy, const WorkspaceOwner& owner) {
  egress::HostPolicy hosts{.others = egress::HostPolicy::Others::ask};
  for (const auto& text : policy::allowed_hosts(policy, requester_of(owner), owner.id)) {
    auto rule = egress::parse_host_rule(text);
    if (rule) {
      hosts.rules.push_back(std::move(*rule));
    } else {
      log::warn("egress.rule_ignored", {{"rule", text}, {"error", rule.error()}});
    }
  }
  return hosts;
}

egress::JobHooks network_hooks(const ToolGate& gate, AgentListener& listener) {
  return {.ask = [&gate, &listener](
                     egress::HostQuestion question) { return ask_at(gate, listener, std::move(question)); },
          .on_denied =
              [&listener](const egress::Denial& denial) {
                listener.report(log_event("Not connected to " + denial.target + ": " + denial.reason));
              }};
}

}  // namespace butler::worker
