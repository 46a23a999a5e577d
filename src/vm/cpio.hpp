#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace butler::vm {

/// Writes an archive that Linux takes as its first file system (cpio, "newc" format). Everything belongs to
/// root. Pure, and needs no rights: a device is only named in it.
class CpioWriter {
 public:
  /// Paths are relative, "bin/busybox"; a folder has to come before what is in it.
  void add_folder(std::string_view path, std::uint32_t mode = 0755);
  void add_file(std::string_view path, std::string_view content, std::uint32_t mode = 0644);
  void add_link(std::string_view path, std::string_view target);
  void add_character_device(std::string_view path, std::uint32_t major, std::uint32_t minor);

  /// The archive. Nothing may be added afterwards.
  std::string finish();

 private:
  struct Device {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
  };
  void add(std::string_view path, std::string_view content, std::uint32_t mode, Device device);

  std::string archive_;
  std::uint32_t entries_ = 0;
};

}  // namespace butler::vm
