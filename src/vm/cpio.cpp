#include "vm/cpio.hpp"

#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <utility>

namespace butler::vm {

namespace {

/// Of names and contents.
constexpr std::size_t alignment = 4;
constexpr std::string_view last_name = "TRAILER!!!";

void pad(std::string& archive) { archive.append((alignment - archive.size() % alignment) % alignment, '\0'); }

void append_hex(std::string& archive, std::size_t number) {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%08lx", static_cast<unsigned long>(number));
  archive += digits.data();
}

}  // namespace

void CpioWriter::add(std::string_view path, std::string_view content, std::uint32_t mode, Device device) {
  const std::uint32_t links = 1;
  const std::uint32_t none = 0;
  archive_ += "070701";
  // inode, mode, uid, gid, links, time, size, device, device, the device named, name's length, checksum
  for (const std::size_t number :
       {std::size_t{++entries_}, std::size_t{mode}, std::size_t{none}, std::size_t{none}, std::size_t{links},
        std::size_t{none}, content.size(), std::size_t{none}, std::size_t{none}, std::size_t{device.major},
        std::size_t{device.minor}, path.size() + 1, std::size_t{none}}) {
    append_hex(archive_, number);
  }
  archive_ += path;
  archive_ += '\0';
  pad(archive_);
  archive_ += content;
  pad(archive_);
}

void CpioWriter::add_folder(std::string_view path, std::uint32_t mode) { add(path, {}, S_IFDIR | mode, {}); }

void CpioWriter::add_file(std::string_view path, std::string_view content, std::uint32_t mode) {
  add(path, content, S_IFREG | mode, {});
}

void CpioWriter::add_link(std::string_view path, std::string_view target) {
  add(path, target, S_IFLNK | 0777U, {});
}

void CpioWriter::add_character_device(std::string_view path, std::uint32_t major, std::uint32_t minor) {
  add(path, {}, S_IFCHR | 0600U, {.major = major, .minor = minor});
}

std::string CpioWriter::finish() {
  add(last_name, {}, 0, {});
  return std::exchange(archive_, {});
}

}  // namespace butler::vm
