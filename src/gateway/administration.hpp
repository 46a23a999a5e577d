#pragma once

#include <functional>
#include <optional>
#include <string>

#include "admin/admin_socket.hpp"
#include "async/task_group.hpp"
#include "gateway/attachments.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/live_status.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/pairing.hpp"
#include "gateway/unpairing.hpp"
#include "gateway/update_loop.hpp"
#include "gateway/webhook.hpp"
#include "metrics/registry.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// What the operator can look at and act upon.
struct Administered {
  const telegram::Bot& bot;
  GatewayStore& store;
  OutboxSender& outbox;
  Pairing& pairing;
  Unpairing& unpairing;
  async::TaskGroup& tasks;  ///< for what takes longer than an answer
  const UpdateLoop& updates;
  const Attachments& attachments;
  const LiveStatus& live;
  const Webhook* webhook = nullptr;  ///< null while we poll
  bool orchestrator_away = false;
};

/// What there is at this moment; nullopt while the gateway does not know yet which bot it is.
using FindAdministered = std::function<std::optional<Administered>()>;

/// The answer while there is nothing yet.
http::Response not_started();

/// Adds the gateway's routes: health, metrics, dead letters. Everything referred to outlives the socket.
/// @param is_standby  whether another gateway of this bot works, and this one waits
void add_admin_routes(admin::AdminSocket& socket, metrics::Registry& registry, FindAdministered find,
                      std::function<bool()> is_standby);

}  // namespace butler::gateway
