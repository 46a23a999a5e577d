#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "digest/sha256.hpp"
#include "sandbox/descriptors.hpp"
#include "vm_sandbox/archive.hpp"

namespace butler::vm_sandbox {

/// Which state of a file this is, without reading it.
struct FileStamp {
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_seconds = 0;
  std::int64_t modified_nanoseconds = 0;

  bool operator==(const FileStamp&) const = default;
};

FileStamp stamp_of(const struct stat& status);

/// One thing that was sent.
struct SentEntry {
  ArchiveEntry::Kind kind = ArchiveEntry::Kind::file;
  std::uint32_t mode = 0;
  std::string content = {};  ///< a file's SHA-256, a link's target
  FileStamp stamp = {};

  bool operator==(const SentEntry&) const = default;
};

/// By path.
using Manifest = std::map<std::string, SentEntry>;

/// What the guest has that is not there any more, or is of another kind now: it has to be removed before the
/// new state is sent. A folder comes behind what is in it.
std::vector<std::string> outdated_in(const std::filesystem::path& folder, const Manifest& known);

struct ReaderOptions {
  std::string prefix = {};               ///< of every path in the archive: "" or one that ends with "/"
  GuestOwner owner = GuestOwner::agent;  ///< root: readable for everybody inside, too
  std::string only = {};                 ///< the one name in the folder that is sent; "" for all
  bool ends = true;                      ///< whether the archive's end follows
  /// What the guest has: only what differs from it is sent.
  Manifest known = {};
};

/// A folder as an archive, a piece at a time. No link is followed. Faults are std::system_error, and
/// std::runtime_error for a folder that has too many files.
class WorkspaceReader {
 public:
  explicit WorkspaceReader(const std::filesystem::path& folder, ReaderOptions options = {});

  /// The next bytes; "" at the end.
  std::string next();

  /// What the guest has of what was there, so far.
  const Manifest& manifest() const { return manifest_; }
  /// Whether there was nothing to be sent.
  bool nothing_sent() const { return sent_ == 0; }
  /// What cannot be read, or is larger than the archive can say.
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  void list_folder(const std::string& path);
  std::string begin_entry(const std::string& path);
  std::string begin_file(const std::string& path, const struct stat& status);
  std::string next_content();
  std::string head_of(ArchiveEntry entry);
  const SentEntry* known_as(const std::string& path, ArchiveEntry::Kind kind, std::uint32_t mode) const;

  ReaderOptions options_;
  sandbox::Descriptor workspace_;
  std::deque<std::string> folders_;  ///< still to be looked into
  std::deque<std::string> paths_;    ///< still to be sent
  std::size_t listed_ = 0;
  std::size_t sent_ = 0;
  Manifest manifest_;
  std::vector<std::string> left_out_;
  sandbox::Descriptor file_;  ///< that is being sent
  std::string file_path_;
  std::uint64_t file_size_ = 0;
  std::uint64_t file_left_ = 0;
  digest::Sha256 digest_;
  bool ended_ = false;
};

}  // namespace butler::vm_sandbox
