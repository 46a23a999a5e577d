#include "vm_sandbox/workspace_reader.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "files/throw_errno.hpp"

namespace butler::vm_sandbox {

namespace {

constexpr std::size_t piece_size = 65'536;
constexpr std::size_t most_entries = ArchiveLimits{}.entries;
constexpr unsigned permissions = 0777;
constexpr unsigned own_permissions = 0700;

std::optional<ArchiveEntry::Kind> kind_of(const struct stat& status) {
  if (S_ISREG(status.st_mode)) return ArchiveEntry::Kind::file;
  if (S_ISDIR(status.st_mode)) return ArchiveEntry::Kind::folder;
  if (S_ISLNK(status.st_mode)) return ArchiveEntry::Kind::link;
  return std::nullopt;
}

/// What the owner may read and execute, everybody may.
std::uint32_t for_everybody(std::uint32_t mode) {
  const auto shared = mode & 0500U;
  return (mode & own_permissions) | shared >> 3U | shared >> 6U;
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

std::uint32_t seconds_of(const struct stat& status) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(status.st_mtim.tv_sec, 0, UINT32_MAX));
}

std::string join(const std::string& folder, std::string_view name) {
  return folder.empty() ? std::string{name} : folder + '/' + std::string{name};
}

}  // namespace

FileStamp stamp_of(const struct stat& status) {
  return {.inode = status.st_ino,
          .size = status.st_size,
          .modified_seconds = status.st_mtim.tv_sec,
          .modified_nanoseconds = status.st_mtim.tv_nsec};
}

std::vector<std::string> outdated_in(const std::filesystem::path& folder, const Manifest& known) {
  const sandbox::Descriptor root{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (root.get() < 0) files::throw_errno(folder.string());
  std::vector<std::string> paths;
  for (auto entry = known.rbegin(); entry != known.rend(); ++entry) {
    const auto& [path, sent] = *entry;
    const auto now = sandbox::open_beneath(root.get(), path, O_PATH);
    struct stat status{};
    const bool there = now.get() >= 0 && ::fstat(now.get(), &status) == 0;
    if (!there || kind_of(status) != sent.kind) paths.push_back(path);
  }
  return paths;
}

WorkspaceReader::WorkspaceReader(const std::filesystem::path& folder, ReaderOptions options)
    : options_(std::move(options)),
      workspace_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
      ended_(!options_.ends) {
  if (workspace_.get() < 0) files::throw_errno(folder.string());
  if (options_.only.empty()) {
    list_folder("");
  } else {
    paths_.push_back(options_.only);
  }
}

/// What precedes the content, as the guest gets it.
std::string WorkspaceReader::head_of(ArchiveEntry entry) {
  ++sent_;
  entry.path.insert(0, options_.prefix);
  if (options_.owner == GuestOwner::root && entry.kind != ArchiveEntry::Kind::link) {
    entry.mode = for_everybody(entry.mode);
  }
  return encode_entry(entry, options_.owner);
}

/// The guest's, when it is of that kind and mode. A file's content is the caller's to compare.
const SentEntry* WorkspaceReader::known_as(const std::string& path, ArchiveEntry::Kind kind,
                                           std::uint32_t mode) const {
  const auto found = options_.known.find(path);
  if (found == options_.known.end() || found->second.kind != kind) return nullptr;
  if (kind == ArchiveEntry::Kind::link) return &found->second;  // has no permissions of its own
  // What comes back may always be read and written by its owner: see WorkspaceReturn.
  return (found->second.mode | own_permissions) == (mode | own_permissions) ? &found->second : nullptr;
}

/// A folder comes before what is in it, as whoever unpacks needs it.
void WorkspaceReader::list_folder(const std::string& path) {
  auto folder = sandbox::open_beneath(workspace_.get(), path.empty() ? "." : path, O_RDONLY | O_DIRECTORY);
  const std::unique_ptr<DIR, CloseFolder> open{folder.get() < 0 ? nullptr : ::fdopendir(folder.get())};
  if (!open) {
    left_out_.push_back(path);
    return;
  }
  folder.release();
  while (const dirent* const entry = ::readdir(open.get())) {  // NOLINT(concurrency-mt-unsafe): own stream
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (++listed_ > most_entries) {
      throw std::runtime_error("the workspace has more than " + std::to_string(most_entries) +
                               " files, too many for a virtual machine");
    }
    paths_.push_back(join(path, name));
  }
}

std::string WorkspaceReader::next() {
  if (file_.get() >= 0) return next_content();
  for (;;) {
    if (paths_.empty() && folders_.empty()) break;
    if (paths_.empty()) {
      list_folder(folders_.front());
      folders_.pop_front();
      continue;
    }
    const auto path = std::move(paths_.front());
    paths_.pop_front();
    auto bytes = begin_entry(path);
    if (!bytes.empty()) return bytes;
  }
  if (std::exchange(ended_, true)) return {};
  return encode_archive_end();
}

/// "" for what is not sent.
std::string WorkspaceReader::begin_entry(const std::string& path) {
  const auto entry = sandbox::open_beneath(workspace_.get(), path, O_PATH);
  struct stat status{};
  if (entry.get() < 0 || path.size() > archive_path_limit || ::fstat(entry.get(), &status) != 0) {
    left_out_.push_back(path);
    return {};
  }
  ArchiveEntry head{.path = path, .mode = status.st_mode & permissions, .modified = seconds_of(status)};
  if (S_ISREG(status.st_mode)) return begin_file(path, status);
  if (S_ISDIR(status.st_mode)) {
    head.kind = ArchiveEntry::Kind::folder;
    folders_.push_back(path);
    const bool known = known_as(path, head.kind, head.mode) != nullptr;
    manifest_[path] = {.kind = head.kind, .mode = head.mode, .stamp = stamp_of(status)};
    return known ? std::string{} : head_of(head);
  }
  if (!S_ISLNK(status.st_mode)) return {};  // a socket or the like is of this machine only
  std::array<char, archive_path_limit + 1> target{};
  const auto size = ::readlinkat(entry.get(), "", target.data(), target.size());
  if (size < 0) files::throw_errno(path);
  head.kind = ArchiveEntry::Kind::link;
  head.size = static_cast<std::uint64_t>(size);
  const std::string text{target.data(), static_cast<std::size_t>(size)};
  const auto* const known = known_as(path, head.kind, head.mode);
  manifest_[path] = {.kind = head.kind, .mode = head.mode, .content = text, .stamp = stamp_of(status)};
  if (known != nullptr && known->content == text) return {};
  return head_of(head) + text + encode_padding(head.size);
}

std::string WorkspaceReader::begin_file(const std::string& path, const struct stat& status) {
  file_ = sandbox::open_beneath(workspace_.get(), path, O_RDONLY | O_NONBLOCK);
  struct stat opened{};
  if (file_.get() < 0 || ::fstat(file_.get(), &opened) != 0 || opened.st_ino != status.st_ino ||
      static_cast<std::uint64_t>(opened.st_size) > archive_file_limit) {
    file_.close();
    left_out_.push_back(path);
    return {};
  }
  const auto* const known = known_as(path, ArchiveEntry::Kind::file, opened.st_mode & permissions);
  if (known != nullptr && known->stamp == stamp_of(opened)) {
    file_.close();
    manifest_[path] = *known;
    return {};
  }
  file_path_ = path;
  file_size_ = file_left_ = static_cast<std::uint64_t>(opened.st_size);
  const auto mode = opened.st_mode & permissions;
  manifest_[path] = {.kind = ArchiveEntry::Kind::file, .mode = mode, .stamp = stamp_of(opened)};
  auto bytes = head_of({.path = path, .mode = mode, .modified = seconds_of(opened), .size = file_size_});
  if (file_left_ == 0) bytes += next_content();
  return bytes;
}

/// As much as the head has said, also of a file that is being written to.
std::string WorkspaceReader::next_content() {
  std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(piece_size, file_left_)), '\0');
  const auto count = ::read(file_.get(), bytes.data(), bytes.size());
  if (count < 0) files::throw_errno(file_path_);
  if (count > 0) bytes.resize(static_cast<std::size_t>(count));  // at its end: zeros for what is missing
  digest_.add(bytes);
  file_left_ -= bytes.size();
  if (file_left_ > 0) return bytes;
  file_.close();
  manifest_[file_path_].content = digest_.finish();
  return bytes + encode_padding(file_size_);
}

}  // namespace butler::vm_sandbox
