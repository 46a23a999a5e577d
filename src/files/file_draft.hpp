#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "files/descriptor.hpp"

namespace butler::files {

/// A file that comes piece by piece, under a name of its own until it takes its place whole; else nothing is
/// left of it. For what is too large to be held in memory. Faults are std::system_error and name the file.
class FileDraft {
 public:
  /// Begins an empty file (0600) that is called as `place` with six characters added.
  explicit FileDraft(const std::filesystem::path& place);
  FileDraft(FileDraft&& other) noexcept;
  FileDraft& operator=(FileDraft&&) = delete;
  /// Removes it unless it was published.
  ~FileDraft();

  void add(std::string_view bytes);
  /// Bytes so far.
  std::uint64_t size() const { return size_; }

  /// Puts all of it on the disk.
  void sync();
  /// Gives it its place, in the same file system, with no wait for the disk: for what no power cut has to
  /// spare. What lies there is replaced.
  void take_place(const std::filesystem::path& target);
  /// Gives it its place, in the same file system, on the disk: what lies there is replaced.
  void publish(const std::filesystem::path& target);

 private:
  std::string name_;  ///< "" once published
  Descriptor fd_;
  std::uint64_t size_ = 0;
  std::uint64_t on_its_way_ = 0;  ///< bytes that the system was told to write out
};

}  // namespace butler::files
