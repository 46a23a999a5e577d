#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

/// The form in which a workspace travels between host and guest: cpio's "newc". Pure.
namespace butler::vm_sandbox {

struct ArchiveEntry {
  enum class Kind : std::uint8_t { folder, file, link };
  std::string path;  ///< relative, without "." and ".."
  Kind kind = Kind::file;
  std::uint32_t mode = 0;      ///< the permissions: at most 0777
  std::uint32_t modified = 0;  ///< seconds of the Unix clock
  std::uint64_t size = 0;      ///< of a file's content, or of a link's target
  std::uint64_t inode = 0;     ///< not 0 when the file has several names; one of them has the content

  bool operator==(const ArchiveEntry&) const = default;
};

/// The longest path, and the longest target of a link.
inline constexpr std::size_t archive_path_limit = 4095;
/// The largest file that the form knows.
inline constexpr std::uint64_t archive_file_limit = 0xFFFF'FFFFU;

/// Whose a thing is in the guest.
enum class GuestOwner : std::uint8_t { agent, root };

/// What precedes an entry's content.
std::string encode_entry(const ArchiveEntry& entry, GuestOwner owner = GuestOwner::agent);
/// What follows so many bytes of content.
std::string encode_padding(std::uint64_t size);
/// What follows the last entry.
std::string encode_archive_end();

/// Hears what is in an archive. What it throws goes through ArchiveReader::feed().
class ArchiveSink {
 public:
  ArchiveSink() = default;
  ArchiveSink(const ArchiveSink&) = delete;
  ArchiveSink& operator=(const ArchiveSink&) = delete;
  virtual ~ArchiveSink() = default;

  virtual void begin(const ArchiveEntry& entry) = 0;
  /// The next bytes of the entry's content.
  virtual void content(std::string_view bytes) = 0;
};

/// How much an archive may hold.
struct ArchiveLimits {
  std::uint64_t entries = 200'000;
  std::uint64_t bytes = 0;  ///< of all contents together
};

/// Reads an archive that a hostile machine may have written, piece by piece. Devices, sockets and pipes in it
/// are passed over.
class ArchiveReader {
 public:
  ArchiveReader(ArchiveLimits limits, ArchiveSink& sink) : limits_(limits), sink_(sink) {}

  /// The error is a sentence: this is no archive, or none that is taken. Nothing may be fed after it.
  std::expected<void, std::string> feed(std::string_view bytes);
  /// Whether the archive is whole.
  bool finished() const { return part_ == Part::after; }

 private:
  enum class Part : std::uint8_t { head, name, content, padding, after };
  using Done = std::expected<void, std::string>;

  Done take_head();
  Done take_name();
  void take_content(std::string_view& bytes);
  void end_content();
  /// Moves bytes into held_ until it has `size`; whether it has.
  bool gather(std::string_view& bytes, std::size_t size);

  ArchiveLimits limits_;
  ArchiveSink& sink_;
  Part part_ = Part::head;
  std::string held_;
  ArchiveEntry entry_;
  bool passed_over_ = false;   ///< what entry_ is
  std::size_t name_size_ = 0;  ///< with its zero byte and padding
  std::size_t name_length_ = 0;
  std::uint64_t left_ = 0;  ///< of the content
  std::size_t padding_ = 0;
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace butler::vm_sandbox
