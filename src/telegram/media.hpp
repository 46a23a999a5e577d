#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "json/value.hpp"

/// What we read of the things that a message can carry beside its text. Tolerant, as telegram/update.hpp.
namespace butler::telegram {

/// The most that a bot can fetch of the Bot API of Telegram itself: the server's constant `20 << 20`.
inline constexpr std::int64_t cloud_download_limit = std::int64_t{20} << 20;

enum class MediaKind : std::uint8_t {
  photo,
  document,
  voice,
  audio,
  video,
  video_note,
  animation,
  sticker,
};

/// One file of a message. Of a photo, the largest size that a bot can fetch; of a sticker that moves, its
/// still picture; of a live photo, the photo.
struct Media {
  MediaKind kind = MediaKind::document;
  std::string file_id = {};
  std::string file_unique_id = {};
  std::string file_name = {};  ///< as its sender has it; "" for kinds that have none
  std::string mime_type = {};  ///< as its sender's client says; "" when it does not
  std::int64_t size = 0;       ///< bytes, 0 when not told
  std::optional<std::int64_t> seconds = {};
  std::string emoji = {};  ///< what a sticker stands for
};

/// A position, and what is there when a place was sent.
struct Location {
  double latitude = 0;
  double longitude = 0;
  std::string title = {};
  std::string address = {};
};

struct Contact {
  std::string phone_number = {};
  std::string first_name = {};
  std::string last_name = {};
};

/// The file that a message object carries; nullopt when it has none that can be fetched.
std::optional<Media> decode_media(const json::Value& message);
/// Of a location or a venue.
std::optional<Location> decode_location(const json::Value& message);
std::optional<Contact> decode_contact(const json::Value& message);

}  // namespace butler::telegram
