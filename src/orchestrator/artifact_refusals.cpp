#include "orchestrator/artifact_refusals.hpp"

#include <cerrno>

#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/limits.hpp"

namespace butler::orchestrator {

namespace limits = domain::limits;

namespace {

std::string mebibytes(std::size_t bytes) { return std::to_string(bytes >> 20U) + " MiB"; }

}  // namespace

Refusal artifact_not_found() {
  return {404, "artifact_not_found", "this job has no artifact of that name", {}};
}

Refusal artifact_exists(const api::Artifact& stored) {
  Refusal refusal{409,
                  "artifact_exists",
                  "this job has another file under that name: an artifact is never replaced, use a new name",
                  {}};
  refusal.more.emplace("sha256", stored.sha256);
  return refusal;
}

Refusal hash_mismatch(std::string_view promised, std::string_view found) {
  Refusal refusal{
      400, "hash_mismatch", "the bytes are not those that x-content-sha256 names: send them again", {}};
  refusal.more.emplace("promised", promised);
  refusal.more.emplace("found", found);
  return refusal;
}

Refusal length_required() {
  return {411, "length_required", "an artifact needs content-length or transfer-encoding: chunked", {}};
}

Refusal artifact_too_large() {
  return {413, "payload_too_large", "an artifact may have at most " + mebibytes(limits::artifact_bytes), {}};
}

Refusal artifact_quota() {
  return {413,
          "artifact_quota",
          "a job may have at most " + std::to_string(limits::artifacts_per_job) + " artifacts with " +
              mebibytes(limits::artifact_bytes_per_job) + " together",
          {}};
}

Refusal storage_full() {
  return {
      507,
      "storage_full",
      "there is no room for more artifacts: raise ORCH_ARTIFACT_QUOTA_MB, free the disk, or let old jobs go "
      "sooner with ORCH_RETENTION_DAYS",
      {}};
}

Refusal refusal_of(const std::system_error& fault) {
  if (fault.code() == std::errc::no_space_on_device || fault.code() == std::errc::file_too_large ||
      fault.code().value() == EDQUOT) {
    return storage_full();
  }
  return {503, "unavailable", "the orchestrator cannot write or read files now", {}};
}

Refusal job_ended(domain::JobStatus status) {
  const auto name = domain::enum_name(status);
  Refusal refusal{409, "invalid_transition", "a job that is " + std::string{name} + " takes no artifact", {}};
  refusal.more.emplace("status", name);
  refusal.more.emplace("command", "put_artifact");
  return refusal;
}

}  // namespace butler::orchestrator
