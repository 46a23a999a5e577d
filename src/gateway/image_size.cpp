#include "gateway/image_size.hpp"

#include <cstddef>

namespace butler::gateway {

namespace {

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

std::uint32_t big_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = (value << 8U) | byte_at(bytes, at + i);
  return value;
}

std::uint32_t little_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = count; i > 0; --i) value = (value << 8U) | byte_at(bytes, at + i - 1);
  return value;
}

/// ISO/IEC 15948, 11.2.2: IHDR comes first.
std::optional<ImageSize> png_size(std::string_view bytes) {
  constexpr std::size_t after_size = 24;
  if (bytes.size() < after_size || bytes.substr(12, 4) != "IHDR") return std::nullopt;
  return ImageSize{.width = big_endian(bytes, 16, 4), .height = big_endian(bytes, 20, 4)};
}

/// A start of frame; the others of this range (DHT, JPG, DAC) are not.
bool starts_frame(std::uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/// ITU-T T.81, B.1: marker segments follow each other up to the frame's.
std::optional<ImageSize> jpeg_size(std::string_view bytes) {
  std::size_t at = 2;
  while (at + 9 <= bytes.size()) {
    if (byte_at(bytes, at) != 0xFF) return std::nullopt;
    const std::uint32_t marker = byte_at(bytes, at + 1);
    if (marker == 0xFF) {  // fill
      ++at;
      continue;
    }
    if (starts_frame(marker)) {
      return ImageSize{.width = big_endian(bytes, at + 7, 2), .height = big_endian(bytes, at + 5, 2)};
    }
    const std::uint32_t length = big_endian(bytes, at + 2, 2);
    if (length < 2) return std::nullopt;
    at += 2 + length;
  }
  return std::nullopt;
}

/// RFC 9649: lossy (VP8), lossless (VP8L) and extended (VP8X) files tell it in different places.
std::optional<ImageSize> webp_size(std::string_view bytes) {
  constexpr std::size_t after_size = 30;
  if (bytes.size() < after_size) return std::nullopt;
  const std::string_view form = bytes.substr(12, 4);
  if (form == "VP8X") {
    return ImageSize{.width = little_endian(bytes, 24, 3) + 1, .height = little_endian(bytes, 27, 3) + 1};
  }
  constexpr std::uint32_t fourteen_bits = 0x3FFF;
  if (form == "VP8L") {
    const std::uint32_t bits = little_endian(bytes, 21, 4);
    return ImageSize{.width = (bits & fourteen_bits) + 1, .height = ((bits >> 14U) & fourteen_bits) + 1};
  }
  if (form != "VP8 ") return std::nullopt;
  return ImageSize{.width = little_endian(bytes, 26, 2) & fourteen_bits,
                   .height = little_endian(bytes, 28, 2) & fourteen_bits};
}

}  // namespace

std::optional<ImageSize> image_size(std::string_view beginning) {
  if (beginning.starts_with("\x89PNG\r\n\x1a\n")) return png_size(beginning);
  if (beginning.starts_with("\xFF\xD8")) return jpeg_size(beginning);
  if (beginning.starts_with("RIFF") && beginning.size() >= 12 && beginning.substr(8, 4) == "WEBP") {
    return webp_size(beginning);
  }
  return std::nullopt;
}

}  // namespace butler::gateway
