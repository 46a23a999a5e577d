#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "domain/permissions.hpp"
#include "gateway/gateway_store.hpp"
#include "telegram/update.hpp"

namespace butler::gateway {

/// The job that a message means because it replies to the request itself or to what was shown of the job: one
/// that has not been answered, in the same place, and of the person's own, or any for an owner. nullopt for
/// every other message.
std::optional<std::string> job_replied_to(GatewayStore& store, const telegram::Message& message,
                                          std::int64_t bot_id, domain::Role role);

}  // namespace butler::gateway
