#pragma once

#include "egress/connect_handler.hpp"
#include "egress/permission.hpp"
#include "policy/policy.hpp"
#include "worker/agent.hpp"
#include "worker/conversation.hpp"
#include "worker/tool_gate.hpp"

/// Between an agent's connections to other hosts and those who decide on them.
namespace butler::worker {

/// What the agents of a workspace may reach by the policy; other hosts are asked for. A listed name that only
/// means something in a private network may lead there. What cannot be read as a rule is left out and logged.
egress::HostPolicy host_policy(const policy::Policy& policy, const WorkspaceOwner& owner);

/// Asks at the gate for hosts that are not listed, and notes in the job's log what was refused without
/// asking, each refusal once. Both outlive the job: see AgentAccess::end().
egress::JobHooks network_hooks(const ToolGate& gate, AgentListener& listener);

}  // namespace butler::worker
