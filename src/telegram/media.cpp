#include "telegram/media.hpp"

#include <array>
#include <string_view>

namespace butler::telegram {

namespace {

struct FileMember {
  std::string_view name;
  MediaKind kind;
};

/// An animation comes as a document, too, for clients that do not know animations: it is looked for first.
constexpr std::array<FileMember, 6> file_members{{{"animation", MediaKind::animation},
                                                  {"video", MediaKind::video},
                                                  {"video_note", MediaKind::video_note},
                                                  {"voice", MediaKind::voice},
                                                  {"audio", MediaKind::audio},
                                                  {"document", MediaKind::document}}};

std::optional<Media> file_of(const json::Value& value, MediaKind kind) {
  Media media{.kind = kind,
              .file_id = std::string{json::find_string(value, "file_id")},
              .file_unique_id = std::string{json::find_string(value, "file_unique_id")},
              .file_name = std::string{json::find_string(value, "file_name")},
              .mime_type = std::string{json::find_string(value, "mime_type")},
              .size = json::find_integer(value, "file_size")};
  if (media.file_id.empty()) return std::nullopt;
  if (const auto seconds = json::find_integer(value, "duration", -1); seconds >= 0) media.seconds = seconds;
  return media;
}

std::int64_t area(const json::Value& size) {
  return json::find_integer(size, "width") * json::find_integer(size, "height");
}

/// The largest of a photo's sizes that can be fetched; when none can, the first, whose size then says why.
std::optional<Media> photo(const json::Value* sizes) {
  const auto* list = sizes == nullptr ? nullptr : sizes->if_array();
  if (list == nullptr || list->empty()) return std::nullopt;
  const json::Value* best = nullptr;
  for (const json::Value& size : *list) {
    if (json::find_integer(size, "file_size") > cloud_download_limit) continue;
    if (best == nullptr || area(size) > area(*best)) best = &size;
  }
  auto media = file_of(best == nullptr ? list->front() : *best, MediaKind::photo);
  if (media) media->mime_type = "image/jpeg";  // PhotoSize has none: Telegram makes every photo a JPEG
  return media;
}

std::optional<Media> sticker(const json::Value& value) {
  const bool moves = json::find_true(value, "is_animated") || json::find_true(value, "is_video");
  const json::Value* picture = moves ? json::find(value, "thumbnail") : &value;
  auto media = picture == nullptr ? std::nullopt : file_of(*picture, MediaKind::sticker);
  if (!media) return std::nullopt;
  media->mime_type = "image/webp";
  media->emoji = json::find_string(value, "emoji");
  return media;
}

const json::Value* object_member(const json::Value& value, std::string_view name) {
  const json::Value* found = json::find(value, name);
  return found != nullptr && found->is_object() ? found : nullptr;
}

}  // namespace

std::optional<Media> decode_media(const json::Value& message) {
  for (const FileMember& member : file_members) {
    if (const json::Value* value = object_member(message, member.name)) return file_of(*value, member.kind);
  }
  if (const json::Value* value = object_member(message, "live_photo")) {
    return photo(json::find(*value, "photo"));
  }
  if (const json::Value* value = object_member(message, "sticker")) return sticker(*value);
  return photo(json::find(message, "photo"));
}

std::optional<Location> decode_location(const json::Value& message) {
  const json::Value* venue = object_member(message, "venue");
  const json::Value* position = object_member(venue == nullptr ? message : *venue, "location");
  if (position == nullptr) return std::nullopt;
  Location location{.latitude = json::find_number(*position, "latitude"),
                    .longitude = json::find_number(*position, "longitude")};
  if (venue != nullptr) {
    location.title = json::find_string(*venue, "title");
    location.address = json::find_string(*venue, "address");
  }
  return location;
}

std::optional<Contact> decode_contact(const json::Value& message) {
  const json::Value* value = object_member(message, "contact");
  if (value == nullptr) return std::nullopt;
  return Contact{.phone_number = std::string{json::find_string(*value, "phone_number")},
                 .first_name = std::string{json::find_string(*value, "first_name")},
                 .last_name = std::string{json::find_string(*value, "last_name")}};
}

}  // namespace butler::telegram
