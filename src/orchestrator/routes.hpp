#pragma once

#include "config/settings.hpp"
#include "orchestrator/approval_service.hpp"
#include "orchestrator/artifact_service.hpp"
#include "orchestrator/job_service.hpp"
#include "orchestrator/lease_service.hpp"
#include "orchestrator/route_table.hpp"

/// The HTTP API, route by route, in the order of docs/http-api.md.
namespace butler::orchestrator {

void add_job_routes(RouteTable& routes, JobService& jobs, ArtifactService& artifacts);
void add_delivery_routes(RouteTable& routes, JobService& jobs);
void add_worker_routes(RouteTable& routes, LeaseService& leases);
void add_approval_routes(RouteTable& routes, ApprovalService& approvals);
/// Artifacts, for both sides.
void add_artifact_routes(RouteTable& routes, ArtifactService& artifacts);
void add_admin_routes(RouteTable& routes, JobService& jobs, store::JobStore& store);
/// GET /openapi.json: the document of all routes, as src/orchestrator/openapi.json has it.
void add_document_route(RouteTable& routes);
/// GET /metrics; `text` is called for each.
void add_metrics_route(RouteTable& routes, std::function<std::string()> text);

}  // namespace butler::orchestrator
