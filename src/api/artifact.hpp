#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/timestamp.hpp"

/// Files of a job: what came with its request (attachments), and what its agent has made. Wire types, and how
/// an artifact is described in the fields of a request or a response. docs/http-api.md, "Artifacts".
namespace butler::api {

/// As what a chat shows it. Without one, the content type decides.
enum class ArtifactKind : std::uint8_t { photo, document, voice, audio, video };

/// Who has put it.
enum class ArtifactSource : std::uint8_t { gateway, worker };

/// A stored file; also the data of the event `artifact_added`.
struct Artifact {
  std::string name = {};
  std::int64_t size = 0;    ///< bytes
  std::string sha256 = {};  ///< lower-case hex
  std::string content_type = {};
  std::optional<ArtifactKind> kind = {};
  std::optional<std::string> caption = {};  ///< at most 1024 code points
  ArtifactSource source = ArtifactSource::gateway;
  domain::Timestamp created_at{};
};

struct ArtifactAnswer {
  Artifact artifact = {};
};

/// In the order in which they came.
struct ArtifactList {
  std::vector<Artifact> artifacts = {};
};

/// What whoever puts an artifact says about it.
struct NewArtifact {
  std::string name = {};
  std::string content_type = "application/octet-stream";
  std::optional<std::string> sha256 = {};  ///< lower-case hex: refused (400) unless the bytes have it
  std::optional<ArtifactKind> kind = {};
  std::optional<std::string> caption = {};
};

/// What came with the bytes of an artifact that was fetched. Size and hash are of the bytes themselves.
struct ReceivedArtifact {
  std::int64_t size = 0;
  std::string sha256 = {};
  std::string content_type = {};
  std::optional<ArtifactKind> kind = {};
  std::optional<std::string> caption = {};
};

/// Whose paths of the API a call uses, and with a worker's, under which lease.
class ArtifactSide {
 public:
  static ArtifactSide gateway() { return ArtifactSide{std::nullopt}; }
  static ArtifactSide worker(std::string lease_token) { return ArtifactSide{std::move(lease_token)}; }

  /// Of the worker that holds the job; none on the gateway's side.
  const std::optional<std::string>& lease_token() const { return lease_token_; }

 private:
  explicit ArtifactSide(std::optional<std::string> lease_token) : lease_token_(std::move(lease_token)) {}

  std::optional<std::string> lease_token_;
};

/// 1 to 128 of the characters A-Z a-z 0-9 . _ -, the first of them no dot: safe as the name of a file.
bool is_artifact_name(std::string_view name);

/// Content type of an attachment that could not be fetched: its text says why, and the job goes on without.
inline constexpr std::string_view missing_content_type = "application/x-butler-missing";

/// Names of the fields that describe an artifact beside content-type.
inline constexpr std::string_view sha256_field = "x-content-sha256";
inline constexpr std::string_view kind_field = "x-artifact-kind";
inline constexpr std::string_view caption_field = "x-artifact-caption";  ///< percent-encoded UTF-8

}  // namespace butler::api
