#include "api/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/limits.hpp"
#include "orchestrator/artifact_refusals.hpp"
#include "orchestrator/routes.hpp"

namespace butler::orchestrator {

namespace {

using ArtifactCaller = ArtifactService::Caller;

ArtifactCaller artifact_caller(api::ArtifactSource source, const http::RequestHead& head) {
  ArtifactCaller caller{.source = source};
  if (source == api::ArtifactSource::gateway) return caller;
  if (const auto token = head.headers.find("x-lease-token")) caller.lease_token = *token;
  return caller;
}

/// PUT: what is decided before the bytes are received.
Outcome<std::shared_ptr<http::BodySink>> begin_put(ArtifactService& artifacts, api::ArtifactSource source,
                                                   const http::RequestHead& head,
                                                   const std::vector<std::string>& parameters) {
  if (!head.content_length && !head.chunked) return std::unexpected(length_required());
  if (head.content_length.value_or(0) > domain::limits::artifact_bytes) {
    return std::unexpected(artifact_too_large());
  }
  auto artifact = new_artifact(parameters.at(1), head);
  if (!artifact) return std::unexpected(artifact.error());
  return artifacts.begin(artifact_caller(source, head), parameters.front(), *std::move(artifact),
                         head.content_length);
}

Answer put_artifact(ArtifactService& artifacts, api::ArtifactSource source, const RouteRequest& call) {
  auto& upload = dynamic_cast<ArtifactUpload&>(*call.request.sink);
  const auto put =
      artifacts.finish(artifact_caller(source, call.request.head), call.job_id(), upload, call.now);
  if (!put) return to_response(put.error());
  auto response = json_response(put->is_new ? 201 : 200, json::encode(api::ArtifactAnswer{put->artifact}));
  response.headers.add(std::string{api::sha256_field}, put->artifact.sha256);
  return response;
}

Answer list_artifacts(ArtifactService& artifacts, api::ArtifactSource source, const RouteRequest& call) {
  const auto list = artifacts.list(artifact_caller(source, call.request.head), call.job_id(), call.now);
  if (!list) return to_response(list.error());
  return json_response(200, json::encode(*list));
}

Answer get_artifact(ArtifactService& artifacts, api::ArtifactSource source, const RouteRequest& call) {
  auto found = artifacts.open(artifact_caller(source, call.request.head), call.job_id(),
                              call.parameters.at(1), call.now);
  if (!found) return to_response(found.error());
  const auto& artifact = found->artifact;
  http::Response response;
  response.headers.add("content-type", artifact.content_type);
  response.headers.add("x-content-type-options", "nosniff");  // what a person or an agent made stays a file
  response.headers.add(std::string{api::sha256_field}, artifact.sha256);
  if (artifact.kind) {
    response.headers.add(std::string{api::kind_field}, std::string{domain::enum_name(*artifact.kind)});
  }
  if (artifact.caption) {
    response.headers.add(std::string{api::caption_field}, http::percent_encode(*artifact.caption));
  }
  response.source = std::move(found->bytes);
  return response;
}

Handler on_artifacts(Answer (*handler)(ArtifactService&, api::ArtifactSource, const RouteRequest&),
                     ArtifactService& artifacts, api::ArtifactSource source) {
  return [handler, &artifacts, source](const RouteRequest& call) { return handler(artifacts, source, call); };
}

void add_side(RouteTable& routes, ArtifactService& artifacts, api::ArtifactSource source,
              std::string_view list, std::string_view one) {
  const auto caller = source == api::ArtifactSource::gateway ? Caller::gateway : Caller::worker;
  // A worker's call extends its lease.
  const bool reads = source == api::ArtifactSource::gateway;
  routes.add({"GET", list, caller, 0, on_artifacts(list_artifacts, artifacts, source), {}, reads});
  routes.add({"GET", one, caller, 0, on_artifacts(get_artifact, artifacts, source), {}, reads});
  routes.add(
      {"PUT", one, caller, domain::limits::artifact_bytes, on_artifacts(put_artifact, artifacts, source),
       [&artifacts, source](const http::RequestHead& head, const std::vector<std::string>& parameters) {
         return begin_put(artifacts, source, head, parameters);
       }});
}

}  // namespace

void add_artifact_routes(RouteTable& routes, ArtifactService& artifacts) {
  add_side(routes, artifacts, api::ArtifactSource::gateway, "/v1/jobs/:jobId/artifacts",
           "/v1/jobs/:jobId/artifacts/:name");
  add_side(routes, artifacts, api::ArtifactSource::worker, "/v1/workers/:jobId/artifacts",
           "/v1/workers/:jobId/artifacts/:name");
}

}  // namespace butler::orchestrator
