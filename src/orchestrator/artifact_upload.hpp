#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "api/artifact.hpp"
#include "digest/sha256.hpp"
#include "files/file_draft.hpp"
#include "http/body.hpp"

namespace butler::orchestrator {

/// The bytes of all artifacts that are on their way: they count against the quota before they have a row.
using BytesOnTheWay = std::shared_ptr<std::uint64_t>;

/// Takes the bytes of one artifact: into a file, and their digest. Whatever happens to the request, nothing
/// is left of it unless the artifact service publishes the file.
class ArtifactUpload final : public http::BodySink {
 public:
  /// What was decided on the request's head.
  struct Promise {
    api::NewArtifact artifact = {};
    /// Unset when the job has an artifact of that name: then the digest tells whether it is the same.
    std::optional<files::FileDraft> draft = {};
    std::uint64_t room = 0;  ///< that the quota of the home leaves for all that is on its way
  };

  ArtifactUpload(Promise promise, BytesOnTheWay on_the_way)
      : promise_(std::move(promise)), on_the_way_(std::move(on_the_way)) {}
  ~ArtifactUpload() override { *on_the_way_ -= counted_; }
  ArtifactUpload(const ArtifactUpload&) = delete;
  ArtifactUpload& operator=(const ArtifactUpload&) = delete;

  /// Refuses with 507 when the quota or the disk is full.
  std::optional<http::Response> take(std::string_view bytes) override;

  const api::NewArtifact& artifact() const { return promise_.artifact; }
  /// nullptr when only the digest was taken.
  files::FileDraft* draft() { return promise_.draft ? &*promise_.draft : nullptr; }
  std::uint64_t size() const { return size_; }
  /// The digest of all bytes; they have all come.
  const std::string& sha256();

 private:
  std::optional<http::Response> keep(std::string_view bytes);

  Promise promise_;
  BytesOnTheWay on_the_way_;
  std::uint64_t counted_ = 0;  ///< bytes of this one among those on the way
  std::uint64_t size_ = 0;
  digest::Sha256 hash_;
  std::string sha256_;
};

}  // namespace butler::orchestrator
