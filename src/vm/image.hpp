#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
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
  /// runtime_identity() of the runtime that it holds at `runtime_inside`; "" for a tiny image.
  std::string runtime() const;
};

/// Where a full image has the agent's runtime.
inline constexpr const char* runtime_inside = "/opt/butler/runtime";

/// Which node and pi a runtime folder holds: the digest of its package-lock.json; "" when that is missing.
std::string runtime_identity(const std::filesystem::path& runtime);

/// Where images are made of, and where they are kept.
struct ImageSources {
  std::filesystem::path home;          ///< `<home>/vm`: packages/ and images/ are in it
  std::string guest_agent;             ///< the program butler-guest-agent, its bytes
  std::filesystem::path runtime = {};  ///< of the agent: node, pi and mcporter; for a full image
  /// Hears what is done now: a sentence for the person who waits.
  std::function<void(const std::string&)> report = [](const std::string&) {};
};

/// The image made of the kernel package that lies in packages/ (Debian's cloud kernel is fetched there with
/// apt when there is none), the system's busybox and our guest agent. What is there already is not built
/// again. The error says what to do.
boost::asio::awaitable<std::expected<Image, std::string>> build_tiny_image(ImageSources sources);

/// The image of Debian and the agent's runtime, with the tiny image's kernel and first process. The packages
/// come from where this machine's apt has its own, and are only unpacked: no right is needed, and nothing of
/// them runs here. What is there already is not built again. Takes minutes, and 2 GiB of disk while it does.
boost::asio::awaitable<std::expected<Image, std::string>> build_full_image(ImageSources sources);

/// A fresh folder next to where a result will be; removed with what is left in it.
class BuildFolder {
 public:
  explicit BuildFolder(std::filesystem::path path);
  BuildFolder(const BuildFolder&) = delete;
  BuildFolder& operator=(const BuildFolder&) = delete;
  ~BuildFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Where the image of that kind and digest is, or will be.
std::filesystem::path image_folder(const std::filesystem::path& home, ImageKind kind,
                                   std::string_view digest);

/// The image of that kind and digest, when it is there.
std::optional<Image> find_image(const std::filesystem::path& home, ImageKind kind, std::string_view digest);

}  // namespace butler::vm
