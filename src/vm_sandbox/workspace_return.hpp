#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "digest/sha256.hpp"
#include "sandbox/descriptors.hpp"
#include "vm_sandbox/archive.hpp"
#include "vm_sandbox/guard.hpp"
#include "vm_sandbox/workspace_reader.hpp"

namespace butler::vm_sandbox {

/// What a guest has made of a workspace. It is kept beside the workspace until it is whole; then what differs
/// from what was sent goes into the workspace, so that what others did there meanwhile stays. It is never
/// written through a link, and only files, folders and links are made, without setuid. Faults are
/// std::system_error.
class WorkspaceReturn final : public ArchiveSink {
 public:
  /// `staging` is an empty folder of ours.
  WorkspaceReturn(std::filesystem::path staging, Manifest sent, Guard guard);

  void begin(const ArchiveEntry& entry) override;
  void content(std::string_view bytes) override;

  /// How much all that came takes when each name of a file is a file of its own, as apply() makes them.
  /// Before apply(), when the archive is whole.
  std::uint64_t bytes();

  /// Puts it into the workspace, when the archive is whole. Returns what was not taken over, as sentences.
  std::vector<std::string> apply(const std::filesystem::path& workspace);

  /// After apply(): what the guest has now. What was not taken over differs from whatever is outside.
  Manifest take_manifest() { return std::move(sent_); }

 private:
  struct Arrived {
    ArchiveEntry::Kind kind = ArchiveEntry::Kind::file;
    std::uint32_t mode = 0;
    std::uint32_t modified = 0;
    std::uint64_t inode = 0;
    std::string content = {};                  ///< as in SentEntry
    std::optional<std::uint64_t> staged = {};  ///< the number of its file in the staging folder
  };

  void finish_entry();
  void share_contents();
  bool is_as_sent(const std::string& path, const Arrived& arrived) const;
  void remove_missing();
  void remove(const std::string& path, const SentEntry& entry);
  FileStamp put(const std::string& path, const Arrived& arrived);
  FileStamp put_new(int parent, const std::string& name, const Arrived& arrived);
  void put_folder(int parent, const std::string& name, const Arrived& arrived);
  FileStamp put_file(int parent, const std::string& name, const Arrived& arrived);
  FileStamp put_link(int parent, const std::string& name, const Arrived& arrived);
  FileStamp change_mode(const std::string& path, const Arrived& arrived);
  std::filesystem::path staged_file(std::uint64_t number) const;
  FileStamp refuse(const std::string& path, const std::string& why);

  std::filesystem::path staging_;
  Manifest sent_;  ///< what the guest had, and after apply() what it has
  Guard guard_;
  std::map<std::string, Arrived> arrived_;
  std::string path_;  ///< of the entry that is coming
  Arrived entry_;
  bool coming_ = false;
  sandbox::Descriptor file_;
  std::uint64_t files_ = 0;
  digest::Sha256 digest_;
  sandbox::Descriptor workspace_;
  std::vector<std::string> refused_;
};

}  // namespace butler::vm_sandbox
