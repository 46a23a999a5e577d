#include "orchestrator/artifact_upload.hpp"

#include <system_error>

#include "log/log.hpp"
#include "orchestrator/artifact_refusals.hpp"

namespace butler::orchestrator {

std::optional<http::Response> ArtifactUpload::take(std::string_view bytes) {
  hash_.add(bytes);
  size_ += bytes.size();
  if (!promise_.draft) return std::nullopt;
  if (*on_the_way_ + bytes.size() > promise_.room) return to_response(storage_full());
  *on_the_way_ += bytes.size();
  counted_ += bytes.size();
  return keep(bytes);
}

std::optional<http::Response> ArtifactUpload::keep(std::string_view bytes) {
  try {
    promise_.draft->add(bytes);
    return std::nullopt;
  } catch (const std::system_error& fault) {
    log::error("artifact.file_fault", {{"artifact", promise_.artifact.name}, {"error", fault.what()}});
    return to_response(refusal_of(fault));
  }
}

const std::string& ArtifactUpload::sha256() {
  if (sha256_.empty()) sha256_ = hash_.finish();
  return sha256_;
}

}  // namespace butler::orchestrator
