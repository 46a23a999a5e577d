#include "gateway/artifact_plan.hpp"

#include <algorithm>
#include <array>

#include "api/describe.hpp"
#include "gateway/artifact_describe.hpp"
#include "render/render.hpp"

namespace butler::gateway {

namespace {

using telegram::UploadKind;

constexpr std::size_t caption_limit = 1'024;  // UTF-16 units
constexpr std::size_t album_limit = 10;
constexpr std::int64_t photo_bytes = std::int64_t{10} << 20;
constexpr std::uint32_t photo_edges = 10'000;  // width and height together
constexpr std::uint32_t photo_ratio = 20;

// What each call takes, as core.telegram.org/bots/api says it of sendPhoto, sendVoice, sendAudio and
// sendVideo.
constexpr std::array<std::string_view, 3> photo_types{"image/jpeg", "image/png", "image/webp"};
constexpr std::array<std::string_view, 7> voice_types{
    "audio/ogg", "audio/opus", "application/ogg", "audio/mpeg", "audio/mp3", "audio/mp4", "audio/x-m4a"};
constexpr std::array<std::string_view, 4> audio_types{"audio/mpeg", "audio/mp3", "audio/mp4", "audio/x-m4a"};
constexpr std::array<std::string_view, 1> video_types{"video/mp4"};

/// "image/png" of "Image/PNG; name=x".
std::string bare_type(std::string_view content_type) {
  std::string type{content_type.substr(0, content_type.find(';'))};
  while (type.ends_with(' ')) type.pop_back();
  for (char& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return type;
}

bool takes(UploadKind kind, std::string_view type) {
  const auto in = [type](const auto& types) { return std::ranges::find(types, type) != types.end(); };
  switch (kind) {
    case UploadKind::photo: return in(photo_types);
    case UploadKind::voice: return in(voice_types);
    case UploadKind::audio: return in(audio_types);
    case UploadKind::video: return in(video_types);
    case UploadKind::document: break;
  }
  return true;
}

UploadKind suggested(std::string_view type) {
  for (const UploadKind kind : {UploadKind::photo, UploadKind::audio, UploadKind::video}) {
    if (takes(kind, type)) return kind;
  }
  return UploadKind::document;
}

UploadKind wanted(const api::Artifact& artifact, std::string_view type) {
  if (!artifact.kind) return suggested(type);
  return domain::enum_from_name<UploadKind>(domain::enum_name(*artifact.kind)).value_or(UploadKind::document);
}

std::string plain_caption(std::string_view markdown) {
  const auto parts = render::render_markdown(markdown, caption_limit - 1);
  if (parts.empty()) return {};
  return parts.size() == 1 ? parts.front().text : parts.front().text + "…";
}

/// Which kinds may stand in one album; nothing for one that stands alone.
std::optional<int> album_class(UploadKind kind) {
  switch (kind) {
    case UploadKind::photo:
    case UploadKind::video: return 0;
    case UploadKind::document: return 1;
    case UploadKind::audio: return 2;
    case UploadKind::voice: break;
  }
  return std::nullopt;
}

json::Object as_json(const OutgoingFile& file) {
  json::Object item{{"name", file.name},
                    {"as", std::string{domain::enum_name(file.shown_as)}},
                    {"size", file.size},
                    {"contentType", file.content_type}};
  if (!file.caption.empty()) item["caption"] = file.caption;
  return item;
}

OutgoingFile file_of(const json::Value& item) {
  return {
      .name = std::string{json::find_string(item, "name")},
      .shown_as =
          domain::enum_from_name<UploadKind>(json::find_string(item, "as")).value_or(UploadKind::document),
      .size = json::find_integer(item, "size"),
      .content_type = std::string{json::find_string(item, "contentType")},
      .caption = std::string{json::find_string(item, "caption")}};
}

}  // namespace

UploadKind shown_as(const api::Artifact& artifact) {
  const std::string type = bare_type(artifact.content_type);
  const UploadKind kind = wanted(artifact, type);
  if (!takes(kind, type)) return UploadKind::document;
  if (kind == UploadKind::photo && !fits_as_photo(artifact.size, std::nullopt)) return UploadKind::document;
  return kind;
}

bool fits_as_photo(std::int64_t bytes, const std::optional<ImageSize>& size) {
  if (bytes > photo_bytes) return false;
  if (!size) return true;
  const auto [shorter, longer] = std::minmax(size->width, size->height);
  return shorter > 0 && longer <= photo_edges - shorter && longer <= std::uint64_t{shorter} * photo_ratio;
}

OutgoingFile outgoing_file(const api::Artifact& artifact) {
  return {.name = artifact.name,
          .shown_as = shown_as(artifact),
          .size = artifact.size,
          .content_type = artifact.content_type,
          .caption = plain_caption(artifact.caption.value_or(""))};
}

std::vector<std::vector<OutgoingFile>> in_albums(const std::vector<OutgoingFile>& files) {
  std::vector<std::vector<OutgoingFile>> messages;
  std::int64_t bytes = 0;
  for (const OutgoingFile& file : files) {
    const auto kind = album_class(file.shown_as);
    const bool goes_on = kind && !messages.empty() && album_class(messages.back().back().shown_as) == kind &&
                         messages.back().size() < album_limit && bytes + file.size <= upload_limit;
    if (!goes_on) {
      messages.emplace_back();
      bytes = 0;
    }
    messages.back().push_back(file);
    bytes += file.size;
  }
  return messages;
}

std::string files_payload(const FilesMessage& message) {
  json::Array items;
  for (const OutgoingFile& file : message.files) items.push_back(as_json(file));
  return json::serialize(json::Object{{"files", std::move(items)}, {"job", message.job_id}});
}

std::optional<FilesMessage> files_message(const json::Object& payload) {
  const auto* items = payload.if_contains("files");
  if (items == nullptr || !items->is_array()) return std::nullopt;
  FilesMessage message{.job_id = std::string{json::find_string(payload, "job")}};
  for (const json::Value& item : items->get_array()) message.files.push_back(file_of(item));
  return message;
}

FilesMessage as_documents(FilesMessage message) {
  for (OutgoingFile& file : message.files) file.shown_as = UploadKind::document;
  return message;
}

}  // namespace butler::gateway
