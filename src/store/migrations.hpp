#pragma once

#include <span>

#include "domain/embedded_file.hpp"

namespace butler::store {

/// schema/orchestrator/*.sql, in order.
std::span<const domain::EmbeddedFile> orchestrator_migrations();

/// schema/orchestrator/postgres/*.sql, in order.
std::span<const domain::EmbeddedFile> orchestrator_postgres_migrations();

}  // namespace butler::store
