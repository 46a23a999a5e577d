#include "vm_sandbox/workspace_return.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "files/throw_errno.hpp"
#include "files/whole_file.hpp"
#include "process/role.hpp"

namespace butler::vm_sandbox {

namespace fs = std::filesystem;
using Kind = ArchiveEntry::Kind;

namespace {

constexpr unsigned private_file = 0600;
constexpr unsigned private_folder = 0700;
constexpr std::size_t copy_size = 262'144;
constexpr std::size_t most_refused = 20;

/// For a person: a name may hold anything.
std::string shown(std::string_view path) {
  std::string text{path.substr(0, 200)};
  for (auto& letter : text) {
    if (static_cast<unsigned char>(letter) < ' ' || letter == '\x7F') letter = '?';
  }
  return text;
}

/// A new file beside the one whose place it takes, gone at the end when it has not.
class Draft {
 public:
  Draft(int parent, const std::string& name)
      : parent_(parent),
        name_(name),
        file_(::openat(parent, draft_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                       private_file)) {
    if (file_.get() < 0) files::throw_errno(name_);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() { ::unlinkat(parent_, draft_.c_str(), 0); }

  int file() const { return file_.get(); }
  void put_in_place() const {
    if (::renameat(parent_, draft_.c_str(), parent_, name_.c_str()) != 0) files::throw_errno(name_);
  }

 private:
  int parent_;
  std::string name_;
  std::string draft_ = ".butler-" + process::random_hex(8);
  sandbox::Descriptor file_;
};

std::string parent_of(const std::string& path) {
  const auto end = path.rfind('/');
  return end == std::string::npos ? "." : path.substr(0, end);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

WorkspaceReturn::WorkspaceReturn(fs::path staging, Manifest sent, Guard guard)
    : staging_(std::move(staging)), sent_(std::move(sent)), guard_(std::move(guard)) {}

fs::path WorkspaceReturn::staged_file(std::uint64_t number) const {
  return staging_ / std::to_string(number);
}

/// Returns the stamp of nothing: see take_manifest().
FileStamp WorkspaceReturn::refuse(const std::string& path, const std::string& why) {
  if (refused_.size() == most_refused) refused_.emplace_back("more of the like is left out");
  if (refused_.size() < most_refused) refused_.push_back(shown(path) + " " + why);
  return {};
}

void WorkspaceReturn::begin(const ArchiveEntry& entry) {
  finish_entry();
  path_ = entry.path;
  entry_ = {.kind = entry.kind, .mode = entry.mode, .modified = entry.modified, .inode = entry.inode};
  coming_ = true;
  if (entry.kind != Kind::file) return;
  entry_.staged = ++files_;
  const auto staged = staged_file(files_);
  file_ = sandbox::Descriptor{
      ::open(staged.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, private_file)};
  if (file_.get() < 0) files::throw_errno(staged.string());
}

void WorkspaceReturn::content(std::string_view bytes) {
  if (entry_.kind == Kind::link) entry_.content += bytes;
  if (entry_.kind != Kind::file) return;
  digest_.add(bytes);
  files::write_all(file_.get(), bytes, staging_.string());
}

/// Only what may be needed stays in the staging folder.
void WorkspaceReturn::finish_entry() {
  if (!std::exchange(coming_, false)) return;
  if (entry_.kind == Kind::file) {
    file_.close();
    entry_.content = digest_.finish();
    if (entry_.inode == 0 && is_as_sent(path_, entry_)) {
      fs::remove(staged_file(*entry_.staged));
      entry_.staged.reset();
    }
  }
  arrived_[path_] = std::move(entry_);
  entry_ = {};
}

/// Of the names of one file, the archive gives one the content: it becomes that of all.
void WorkspaceReturn::share_contents() {
  std::map<std::uint64_t, Arrived> with_content;
  for (const auto& [path, arrived] : arrived_) {
    struct stat status{};
    if (arrived.inode == 0 || ::stat(staged_file(*arrived.staged).c_str(), &status) != 0) continue;
    if (status.st_size > 0) with_content[arrived.inode] = arrived;
  }
  for (auto& [path, arrived] : arrived_) {
    const auto found = with_content.find(arrived.inode);
    if (arrived.inode == 0 || found == with_content.end()) continue;
    arrived.content = found->second.content;
    arrived.staged = found->second.staged;
  }
}

bool WorkspaceReturn::is_as_sent(const std::string& path, const Arrived& arrived) const {
  const auto sent = sent_.find(path);
  return sent != sent_.end() && sent->second.kind == arrived.kind && sent->second.content == arrived.content;
}

std::uint64_t WorkspaceReturn::bytes() {
  finish_entry();
  share_contents();
  std::uint64_t total = 0;
  for (const auto& [path, arrived] : arrived_) {
    if (arrived.staged) total += fs::file_size(staged_file(*arrived.staged));
  }
  return total;
}

std::vector<std::string> WorkspaceReturn::apply(const fs::path& workspace) {
  finish_entry();
  share_contents();
  workspace_ = sandbox::Descriptor{::open(workspace.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (workspace_.get() < 0) files::throw_errno(workspace.string());
  remove_missing();
  for (const auto& [path, arrived] : arrived_) {  // a folder before what is in it
    if (is_as_sent(path, arrived) && sent_.at(path).mode == arrived.mode) continue;
    const auto stamp = put(path, arrived);
    sent_[path] = {.kind = arrived.kind, .mode = arrived.mode, .content = arrived.content, .stamp = stamp};
  }
  return std::move(refused_);
}

/// What was sent and has not come back, unless somebody else has changed it meanwhile. Backwards: a folder
/// behind what was in it.
void WorkspaceReturn::remove_missing() {
  std::vector<std::string> missing;
  for (auto sent = sent_.rbegin(); sent != sent_.rend(); ++sent) {
    const auto found = arrived_.find(sent->first);
    if (found == arrived_.end() || found->second.kind != sent->second.kind) missing.push_back(sent->first);
  }
  for (const auto& path : missing) {
    remove(path, sent_.at(path));
    sent_.erase(path);
  }
}

void WorkspaceReturn::remove(const std::string& path, const SentEntry& entry) {
  if (!guard_.allows_removal(path)) {
    refuse(path, "is protected and stays");
    return;
  }
  const auto parent = sandbox::open_beneath(workspace_.get(), parent_of(path), O_PATH | O_DIRECTORY);
  struct stat now{};
  if (parent.get() < 0 || ::fstatat(parent.get(), name_of(path).c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0) {
    return;
  }
  const bool folder = entry.kind == Kind::folder;
  if (!folder && stamp_of(now) != entry.stamp) return;
  // A folder in which somebody else has made something stays.
  ::unlinkat(parent.get(), name_of(path).c_str(), folder ? AT_REMOVEDIR : 0);
}

/// Returns the stamp of what is there now.
FileStamp WorkspaceReturn::put(const std::string& path, const Arrived& arrived) {
  if (!guard_.allows(path, arrived.kind)) return refuse(path, "is protected: the change is not kept");
  if (is_as_sent(path, arrived) && arrived.kind != Kind::link) return change_mode(path, arrived);
  const auto parent = sandbox::open_beneath(workspace_.get(), parent_of(path), O_PATH | O_DIRECTORY);
  if (parent.get() < 0) return refuse(path, "cannot be kept: its folder is not there");
  try {
    return put_new(parent.get(), name_of(path), arrived);
  } catch (const std::system_error& fault) {
    return refuse(path, "cannot be kept: " + fault.code().message());
  }
}

FileStamp WorkspaceReturn::put_new(int parent, const std::string& name, const Arrived& arrived) {
  switch (arrived.kind) {
    case Kind::folder: put_folder(parent, name, arrived); break;
    case Kind::file: return put_file(parent, name, arrived);
    case Kind::link: return put_link(parent, name, arrived);
  }
  return {};
}

FileStamp WorkspaceReturn::change_mode(const std::string& path, const Arrived& arrived) {
  const bool folder = arrived.kind == Kind::folder;
  const auto file =
      sandbox::open_beneath(workspace_.get(), path, O_RDONLY | O_NONBLOCK | (folder ? O_DIRECTORY : 0));
  struct stat status{};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return {};  // somebody else has removed it
  if (folder ? S_ISDIR(status.st_mode) : S_ISREG(status.st_mode)) {
    ::fchmod(file.get(), arrived.mode | (folder ? private_folder : private_file));
  }
  // Its content may be somebody else's by now: only what was sent is known to the guest.
  return sent_.at(path).stamp;
}

void WorkspaceReturn::put_folder(int parent, const std::string& name, const Arrived& arrived) {
  if (::mkdirat(parent, name.c_str(), arrived.mode | private_folder) != 0 && errno != EEXIST)
    files::throw_errno(name);
}

FileStamp WorkspaceReturn::put_file(int parent, const std::string& name, const Arrived& arrived) {
  const auto source_path = staged_file(arrived.staged.value_or(0));
  const sandbox::Descriptor source{::open(source_path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (source.get() < 0) files::throw_errno(source_path.string());
  const Draft draft(parent, name);
  std::string bytes(copy_size, '\0');
  for (;;) {
    const auto count = ::read(source.get(), bytes.data(), bytes.size());
    if (count < 0) files::throw_errno(source_path.string());
    if (count == 0) break;
    files::write_all(draft.file(), std::string_view{bytes}.substr(0, static_cast<std::size_t>(count)), name);
  }
  timespec modified{};
  modified.tv_sec = arrived.modified;
  const timespec times[] = {modified, modified};
  struct stat status{};
  if (::fchmod(draft.file(), arrived.mode | private_file) != 0 || ::futimens(draft.file(), times) != 0 ||
      ::fstat(draft.file(), &status) != 0) {
    files::throw_errno(name);
  }
  draft.put_in_place();
  return stamp_of(status);
}

FileStamp WorkspaceReturn::put_link(int parent, const std::string& name, const Arrived& arrived) {
  if (arrived.content.empty() || arrived.content.contains('\0')) {
    errno = EINVAL;
    files::throw_errno(name);
  }
  const auto beside = ".butler-" + process::random_hex(8);
  if (::symlinkat(arrived.content.c_str(), parent, beside.c_str()) != 0) files::throw_errno(name);
  struct stat status{};
  if (::fstatat(parent, beside.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      ::renameat(parent, beside.c_str(), parent, name.c_str()) == 0) {
    return stamp_of(status);
  }
  const int reason = errno;
  ::unlinkat(parent, beside.c_str(), 0);
  errno = reason;
  files::throw_errno(name);
}

}  // namespace butler::vm_sandbox
