#include "backup/take.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "backup/contents.hpp"
#include "backup/copy.hpp"
#include "backup/manifest.hpp"
#include "files/folder.hpp"
#include "files/throw_errno.hpp"
#include "files/whole_file.hpp"
#include "sqlite/read_only.hpp"

namespace butler::backup {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::hours database_time{1};

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

void snapshot_database(const fs::path& file, const fs::path& target) {
  sqlite::ReadOnlyDatabase database(file, database_time);
  database.query("VACUUM INTO " + quoted(target.string()));
  sqlite::ReadOnlyDatabase copy(target, database_time);
  const auto found = copy.query("PRAGMA integrity_check");
  if (found.empty() || found.front().front() != "ok") {
    throw std::runtime_error(file.string() +
                             " is damaged: " + (found.empty() ? "no answer" : found.front().front()));
  }
}

std::vector<std::string> names_in_folder(int folder, const std::string& path) {
  files::Descriptor again{::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!again.is_open()) files::throw_errno(path);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(again.release()), ::closedir);
  if (!stream) files::throw_errno(path);
  std::vector<std::string> names;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  for (const dirent* entry = ::readdir(stream.get()); entry != nullptr; entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

/// One backup on its way.
class Taking {
 public:
  Taking(const Source& source, fs::path target, const std::function<void(const std::string&)>& progress)
      : source_(source), target_(std::move(target)), content_(target_ / content_name), progress_(progress) {}

  Taken run(domain::Timestamp now) {
    manifest_.created_at = now;
    manifest_.version = source_.version;
    manifest_.home = source_.home.string();
    if (::mkdir(target_.c_str(), 0700) != 0) files::throw_errno(target_.string());
    try {
      if (::mkdir(content_.c_str(), 0700) != 0) files::throw_errno(content_.string());
      for (const char* const name : {"gateway.db", "state.db"}) add_database(name);
      add_folder(open_folder(AT_FDCWD, source_.home.string()), open_folder(AT_FDCWD, content_.string()), "");
      add_env();
      files::write_whole_file(target_ / manifest_name, to_json(manifest_));
      files::sync_folder(target_.parent_path());
    } catch (...) {
      std::error_code ignored;  // the fault that led here is the one to tell
      fs::remove_all(target_, ignored);
      throw;
    }
    return std::move(taken_);
  }

 private:
  void add_database(const std::string& name) {
    std::error_code missing;
    if (!fs::exists(source_.home / name, missing)) return;
    progress_(name);
    const auto copy = content_ / name;
    snapshot_database(source_.home / name, copy);
    if (::chmod(copy.c_str(), 0600) != 0) files::throw_errno(copy.string());
    const files::Descriptor made{::open(copy.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!made.is_open() || ::fsync(made.get()) != 0) files::throw_errno(copy.string());
    const files::Descriptor original{
        ::open((source_.home / name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!original.is_open()) files::throw_errno(name);
    note(described(name, EntryKind::file, status_of(original, name)), digest_of(made, copy.string()));
  }

  void note(Entry entry, Copied copied) {
    entry.size = copied.size;
    entry.sha256 = std::move(copied.sha256);
    manifest_.entries.push_back(std::move(entry));
    ++taken_.files;
    taken_.bytes += copied.size;
  }

  /// All that is kept of a folder. What vanishes meanwhile is no fault: agents and retention go on working.
  void add_folder(const files::Descriptor& from, const files::Descriptor& to, const std::string& path) {
    for (const auto& name : names_in_folder(from.get(), path.empty() ? source_.home.string() : path)) {
      const std::string inner = path.empty() ? name : path + "/" + name;
      if (treatment_of(inner) != Treatment::copy || is_target(from, name)) continue;
      try {
        add(from, to, name, inner);
      } catch (const std::system_error& fault) {
        if (fault.code() != std::errc::no_such_file_or_directory) throw;
        taken_.vanished.push_back(inner);
      }
    }
    if (::fsync(to.get()) != 0) files::throw_errno(path);
  }

  /// A backup may lie in the home that it is of.
  bool is_target(const files::Descriptor& folder, const std::string& name) const {
    struct stat here{};
    struct stat target{};
    return ::fstatat(folder.get(), name.c_str(), &here, AT_SYMLINK_NOFOLLOW) == 0 &&
           ::stat(target_.c_str(), &target) == 0 && here.st_ino == target.st_ino &&
           here.st_dev == target.st_dev;
  }

  void add(const files::Descriptor& from, const files::Descriptor& to, const std::string& name,
           const std::string& path) {
    struct stat status{};
    if (::fstatat(from.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) files::throw_errno(path);
    switch (status.st_mode & static_cast<mode_t>(S_IFMT)) {
      case S_IFDIR: return add_inner_folder(from, to, name, path);
      case S_IFREG: return add_file(from, to, name, path);
      case S_IFLNK: return add_link(from, to, name, described(path, EntryKind::link, status));
      default: taken_.left_out.push_back(path);
    }
  }

  void add_inner_folder(const files::Descriptor& from, const files::Descriptor& to, const std::string& name,
                        const std::string& path) {
    files::Descriptor inner{
        ::openat(from.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!inner.is_open()) files::throw_errno(path);
    if (::mkdirat(to.get(), name.c_str(), 0700) != 0) files::throw_errno(path);
    manifest_.entries.push_back(described(path, EntryKind::folder, status_of(inner, path)));
    add_folder(inner, open_folder(to.get(), name), path);
  }

  void add_file(const files::Descriptor& from, const files::Descriptor& to, const std::string& name,
                const std::string& path) {
    // Without waiting: a pipe may have taken the file's place meanwhile.
    const files::Descriptor file{
        ::openat(from.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (!file.is_open()) files::throw_errno(path);
    const auto status = status_of(file, path);
    if (!S_ISREG(status.st_mode)) {
      taken_.left_out.push_back(path);
      return;
    }
    const files::Descriptor copy{
        ::openat(to.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!copy.is_open()) files::throw_errno(path);
    progress_(path);
    note(described(path, EntryKind::file, status), copy_bytes(file, copy, path));
  }

  void add_link(const files::Descriptor& from, const files::Descriptor& to, const std::string& name,
                Entry entry) {
    std::array<char, PATH_MAX> target{};
    const auto length = ::readlinkat(from.get(), name.c_str(), target.data(), target.size() - 1);
    if (length < 0) files::throw_errno(entry.path);
    entry.link_target = std::string(target.data(), static_cast<std::size_t>(length));
    if (::symlinkat(entry.link_target->c_str(), to.get(), name.c_str()) != 0) files::throw_errno(entry.path);
    manifest_.entries.push_back(std::move(entry));
  }

  void add_env() {
    if (!source_.env_file) return;
    const auto name = source_.env_file->string();
    const files::Descriptor file{::open(name.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file.is_open()) files::throw_errno(name);
    const auto target = target_ / env_name;
    const files::Descriptor copy{::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (!copy.is_open()) files::throw_errno(target.string());
    auto copied = copy_bytes(file, copy, name);
    manifest_.env_sha256 = std::move(copied.sha256);
    ++taken_.files;
    taken_.bytes += copied.size;
  }

  const Source& source_;
  fs::path target_;
  fs::path content_;
  const std::function<void(const std::string&)>& progress_;
  Manifest manifest_;
  Taken taken_;
};

}  // namespace

Taken take(const Source& source, const fs::path& target, domain::Timestamp now,
           const std::function<void(const std::string& path)>& progress) {
  auto taken = Taking(source, target, progress).run(now);
  taken.folder = target;
  return taken;
}

}  // namespace butler::backup
