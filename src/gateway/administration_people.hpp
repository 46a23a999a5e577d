#pragma once

#include "gateway/administration.hpp"

namespace butler::gateway {

/// Adds the routes by which the operator lets people in and out: `GET /pairings`, `POST
/// /pairings/:code/approve`, `POST /people/:id/remove`.
void add_people_routes(admin::AdminSocket& socket, const FindAdministered& find);

}  // namespace butler::gateway
