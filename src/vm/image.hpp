#pragma once

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace butler::vm {

/// What a machine boots.
enum class ImageKind : std::uint8_t {
  tiny,  ///< the kernel, busybox and our guest agent, all in memory
  full,  ///< Debian with node and the agent's runtime, as a read-only file system
};

std::string_view image_kind_name(ImageKind kind);
std::optional<ImageKind> image_kind_named(std::string_view name);

/// A built image: files in a folder of their own that never change.
struct Image {
  ImageKind kind = ImageKind::tiny;
  std::string digest;  ///< of what it was made of, 64 hexadecimal digits
  std::filesystem::path folder;

  std::filesystem::path kernel() const { return folder / "kernel"; }
  std::filesystem::path initrd() const { return folder / "initrd"; }
  /// The read-only root file system; a tiny image has none.
  std::optional<std::filesystem::path> root() const;
};

/// Where images are made of, and where they are kept.
struct ImageSources {
  std::filesystem::path home;  ///< `<home>/vm`: packages/ and images/ are in it
  std::string guest_agent;     ///< the program butler-guest-agent, its bytes
};

/// The image made of the kernel package that lies in packages/ (Debian's cloud kernel is fetched there with
/// apt when there is none), the system's busybox and our guest agent. What is there already is not built
/// again. The error says what to do.
boost::asio::awaitable<std::expected<Image, std::string>> build_tiny_image(ImageSources sources);

/// The image of Debian (made with mmdebstrap), node and the agent's runtime, with the tiny image's kernel and
/// first process. Takes minutes.
boost::asio::awaitable<std::expected<Image, std::string>> build_full_image(ImageSources sources);

/// The image of that kind and digest, when it is there.
std::optional<Image> find_image(const std::filesystem::path& home, ImageKind kind, std::string_view digest);

}  // namespace butler::vm
