#pragma once

#include <system_error>

#include "api/artifact.hpp"
#include "orchestrator/refusal.hpp"

/// The ways to say no to an artifact.
namespace butler::orchestrator {

Refusal artifact_not_found();
/// `stored` is what the job has under that name.
Refusal artifact_exists(const api::Artifact& stored);
Refusal hash_mismatch(std::string_view promised, std::string_view found);
/// A length has to be known, or chunks.
Refusal length_required();
Refusal artifact_too_large();
/// The job has as much as a job may have.
Refusal artifact_quota();
/// The home has as much as the configuration allows, or its disk is full.
Refusal storage_full();
/// What a fault of the file system means for the client: a full disk is storage_full(), the rest 503.
Refusal refusal_of(const std::system_error& fault);
/// The job has ended: nothing of it changes any more.
Refusal job_ended(domain::JobStatus status);

}  // namespace butler::orchestrator
