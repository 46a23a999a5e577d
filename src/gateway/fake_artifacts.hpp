#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "api/describe.hpp"
#include "digest/sha256.hpp"
#include "http/types.hpp"
#include "json/codec.hpp"

namespace butler::gateway {

/// The files of a fake orchestrator's jobs.
class FakeArtifacts {
 public:
  struct Stored {
    api::Artifact artifact = {};
    std::string bytes = {};
  };

  /// What a worker does.
  void add(const std::string& job_id, api::Artifact artifact, std::string bytes) {
    artifact.size = static_cast<std::int64_t>(bytes.size());
    artifact.sha256 = digest::sha256_hex(bytes);
    artifact.source = api::ArtifactSource::worker;
    of_job[job_id].push_back({.artifact = std::move(artifact), .bytes = std::move(bytes)});
  }

  const Stored* find(const std::string& job_id, std::string_view name) const {
    const auto job = of_job.find(job_id);
    if (job == of_job.end()) return nullptr;
    const auto found =
        std::ranges::find(job->second, name, [](const Stored& one) { return one.artifact.name; });
    return found == job->second.end() ? nullptr : &*found;
  }

  http::Response serve(const http::Request& request, const std::string& job_id, const std::string& name) {
    ++calls;
    if (!refusals.empty() && request.head.method == "PUT") {
      const auto [status, code] = refusals.front();
      refusals.erase(refusals.begin());
      return refusal(status, code);
    }
    if (name.empty()) return list(job_id);
    if (request.head.method == "PUT") return put(request, job_id, name);
    if (away) return refusal(503, "unavailable");
    const Stored* stored = find(job_id, name);
    if (stored == nullptr) return refusal(404, "artifact_not_found");
    http::Response response{.body = stored->bytes};
    response.headers.add("content-type", stored->artifact.content_type);
    response.headers.add("x-content-sha256", stored->artifact.sha256);
    return response;
  }

  std::map<std::string, std::vector<Stored>> of_job;  ///< by job id
  std::vector<std::pair<int, std::string>> refusals;  ///< of the next uploads: status, code
  bool away = false;                                  ///< files are listed and not given
  std::size_t calls = 0;

 private:
  static http::Response refusal(int status, std::string_view code) {
    return {.status = status, .body = json::serialize(json::Object{{"error", code}})};
  }

  http::Response list(const std::string& job_id) {
    api::ArtifactList all;
    for (const Stored& stored : of_job[job_id]) all.artifacts.push_back(stored.artifact);
    return {.body = json::serialize(json::encode(all))};
  }

  http::Response put(const http::Request& request, const std::string& job_id, const std::string& name) {
    const Stored* known = find(job_id, name);
    if (known != nullptr && known->bytes != request.body) return refusal(409, "artifact_exists");
    if (known == nullptr) {
      api::Artifact artifact{.name = name,
                             .size = static_cast<std::int64_t>(request.body.size()),
                             .sha256 = digest::sha256_hex(request.body)};
      artifact.content_type = request.head.headers.find("content-type").value_or("");
      of_job[job_id].push_back({.artifact = std::move(artifact), .bytes = request.body});
    }
    return {.status = 201,
            .body = json::serialize(json::encode(api::ArtifactAnswer{find(job_id, name)->artifact}))};
  }
};

}  // namespace butler::gateway
