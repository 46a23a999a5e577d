#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace butler::gateway {

struct ImageSize {
  std::uint32_t width = 0;
  std::uint32_t height = 0;

  bool operator==(const ImageSize&) const = default;
};

/// The size of a JPEG, PNG or WebP picture, from the beginning of its file; nullopt for anything else, and
/// when the size is not told in that much of it. Reads what anybody may have written: no byte beyond the end
/// is looked at. Pure.
std::optional<ImageSize> image_size(std::string_view beginning);

}  // namespace butler::gateway
