#include <algorithm>
#include <cctype>

#include "api/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/limits.hpp"
#include "orchestrator/artifact_service.hpp"

// What the head of an upload says, field by field.
namespace butler::orchestrator {

namespace limits = domain::limits;

namespace {

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_content_type(std::string_view text) {
  return !text.empty() && text.size() <= limits::artifact_content_type &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::string in_lower_case(std::string_view text) {
  std::string lower{text};
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

void read_caption(std::string_view field, api::NewArtifact& artifact, FieldProblems& problems) {
  artifact.caption = http::percent_decode(field, false);
  if (!artifact.caption) problems.add(api::caption_field, "must be percent-encoded UTF-8");
  problems.check_optional(api::caption_field, artifact.caption, 0, limits::artifact_caption);
}

}  // namespace

Outcome<api::NewArtifact> new_artifact(std::string name, const http::RequestHead& head) {
  FieldProblems problems;
  api::NewArtifact artifact{.name = std::move(name)};
  if (!api::is_artifact_name(artifact.name)) {
    problems.add("name", "must be 1 to 128 letters, digits, '.', '_' and '-', and not start with a dot");
  }
  if (const auto type = head.headers.find("content-type")) artifact.content_type = *type;
  if (!is_content_type(artifact.content_type)) {
    problems.add("content-type", "must be 1 to 255 visible ASCII characters");
  }
  if (const auto hash = head.headers.find(api::sha256_field)) {
    artifact.sha256 = in_lower_case(*hash);
    if (!is_sha256(*artifact.sha256)) problems.add(api::sha256_field, "must be 64 hexadecimal digits");
  }
  if (const auto kind = head.headers.find(api::kind_field)) {
    artifact.kind = domain::enum_from_name<api::ArtifactKind>(*kind);
    if (!artifact.kind) problems.add(api::kind_field, "must be photo, document, voice, audio or video");
  }
  if (const auto caption = head.headers.find(api::caption_field)) read_caption(*caption, artifact, problems);
  if (!problems.empty()) return std::unexpected(problems.refusal());
  return artifact;
}

}  // namespace butler::orchestrator
