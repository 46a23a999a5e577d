#pragma once

#include <functional>
#include <string>

#include "admin/admin_socket.hpp"
#include "store/job_store.hpp"

namespace butler::orchestrator {

/// Adds the orchestrator's routes for its operator: health, metrics, and the audit log. Everything referred
/// to outlives the socket.
///
/// `GET /audit` answers rows of the log, oldest first: those after `after`, or without it the last ones; at
/// most `limit`, cut to 1 000.
void add_administration(admin::AdminSocket& socket, store::JobStore& store,
                        std::function<std::string()> metrics_text);

}  // namespace butler::orchestrator
