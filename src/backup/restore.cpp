#include "backup/restore.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <set>
#include <stdexcept>
#include <system_error>

#include "backup/contents.hpp"
#include "backup/copy.hpp"
#include "files/folder.hpp"
#include "files/small_file.hpp"
#include "files/throw_errno.hpp"
#include "files/whole_file.hpp"
#include "sqlite/read_only.hpp"

namespace butler::backup {

namespace fs = std::filesystem;

namespace {

constexpr const char* beside_name = "restoring";
constexpr std::chrono::hours check_time{1};
constexpr std::size_t longest_env = 16UL * 1'024 * 1'024;

files::Descriptor open_file(int folder, const std::string& name) {
  files::Descriptor file{::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  if (!file.is_open()) files::throw_errno(name);
  return file;
}

std::optional<std::string> fault_of_file(int content, const Entry& entry) {
  try {
    const auto found = digest_of(open_file(content, entry.path), entry.path);
    if (found.size != *entry.size) {
      return entry.path + " has " + std::to_string(found.size) + " bytes instead of " +
             std::to_string(*entry.size);
    }
    if (found.sha256 != *entry.sha256) return entry.path + " was changed since the backup was made";
  } catch (const std::system_error& fault) {
    return fault.what();
  }
  return std::nullopt;
}

std::optional<std::string> fault_of_database(const fs::path& file) {
  try {
    const auto found = sqlite::ReadOnlyDatabase(file, check_time).query("PRAGMA integrity_check");
    if (!found.empty() && found.front().front() == "ok") return std::nullopt;
    return file.string() + " is damaged: " + (found.empty() ? "no answer" : found.front().front());
  } catch (const std::runtime_error& fault) {
    return file.string() + ": " + fault.what();
  }
}

std::string compact(domain::Timestamp now) {
  auto text = domain::to_iso8601(now);
  std::erase_if(text, [](char c) { return c == ':' || c == '.'; });
  return text;
}

/// Folders with nothing but folders in them are what a start makes: they are not in the way.
bool holds_nothing(const fs::path& path) {
  if (fs::symlink_status(path).type() != fs::file_type::directory) return false;
  return std::ranges::all_of(fs::directory_iterator(path),
                             [](const auto& entry) { return holds_nothing(entry.path()); });
}

bool is_in_the_way(const fs::path& path) {
  return fs::exists(fs::symlink_status(path)) && !holds_nothing(path);
}

/// What goes with a database at its side: with another database it would destroy that.
std::vector<std::string> with_companions(const std::set<std::string>& names) {
  std::vector<std::string> all(names.begin(), names.end());
  for (const auto& name : names) {
    if (treatment_of(name) != Treatment::database) continue;
    for (const char* const suffix : {"-wal", "-shm", "-journal"}) all.push_back(name + suffix);
  }
  return all;
}

void move(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) files::throw_errno(from.string() + " to " + to.string());
}

/// One backup on its way back.
class Restoring {
 public:
  Restoring(const fs::path& folder, const Manifest& manifest, const Place& place, domain::Timestamp now)
      : folder_(folder),
        manifest_(manifest),
        place_(place),
        beside_(place.home / beside_name),
        replaced_(place.home / ("replaced-" + compact(now))) {
    for (const Entry& entry : manifest_.entries) top_.insert(*fs::path{entry.path}.begin());
  }

  std::expected<Restored, std::string> run() {
    if (auto refusal = find_obstacle()) return std::unexpected(*std::move(refusal));
    fs::remove_all(beside_);  // of an attempt that was interrupted
    if (::mkdir(beside_.c_str(), 0700) != 0) files::throw_errno(beside_.string());
    copy_entries();
    copy_env();
    make_room();
    take_places();
    return restored_;
  }

 private:
  std::optional<std::string> find_obstacle() const {
    if (place_.replace) return std::nullopt;
    for (const auto& name : with_companions(top_)) {
      if (is_in_the_way(place_.home / name)) {
        return (place_.home / name).string() +
               " is there already. With --replace it is moved aside, with all that the backup has, and kept.";
      }
    }
    std::error_code missing;
    if (manifest_.env_sha256 && place_.env_file && fs::exists(*place_.env_file, missing)) {
      return place_.env_file->string() + " is there already. With --replace it is moved aside and kept.";
    }
    return std::nullopt;
  }

  void copy_entries() {
    const auto from = open_folder(AT_FDCWD, (folder_ / content_name).string());
    const auto to = open_folder(AT_FDCWD, beside_.string());
    for (const Entry& entry : manifest_.entries) copy_entry(from.get(), to.get(), entry);
    // Last, for a folder's permissions may be such that nothing can be put into it.
    for (const Entry& entry : manifest_.entries) {
      if (entry.kind != EntryKind::folder) continue;
      files::sync_folder(beside_ / entry.path);
      give_to_owner(to.get(), entry.path, entry);
    }
  }

  void copy_entry(int from, int to, const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::folder:
        if (::mkdirat(to, entry.path.c_str(), 0700) != 0) files::throw_errno(entry.path);
        return;
      case EntryKind::link:
        if (::symlinkat(entry.link_target->c_str(), to, entry.path.c_str()) != 0)
          files::throw_errno(entry.path);
        return give_to_owner(to, entry.path, entry);
      case EntryKind::file: break;
    }
    copy_file(open_file(from, entry.path), to, entry.path, *entry.sha256);
    give_to_owner(to, entry.path, entry);
    ++restored_.files;
  }

  static void copy_file(const files::Descriptor& from, int to, const std::string& name,
                        const std::string& sha256) {
    const files::Descriptor copy{
        ::openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!copy.is_open()) files::throw_errno(name);
    if (copy_bytes(from, copy, name).sha256 != sha256) {
      throw std::runtime_error(name + " was changed while it was restored");
    }
  }

  void copy_env() {
    if (!manifest_.env_sha256 || !place_.env_file) return;
    const auto folder = open_folder(AT_FDCWD, beside_.string());
    const auto from = open_folder(AT_FDCWD, folder_.string());
    copy_file(open_file(from.get(), env_name), folder.get(), env_beside, *manifest_.env_sha256);
    ++restored_.files;
  }

  void set_aside(const fs::path& path) {
    if (holds_nothing(path)) {
      fs::remove_all(path);
      return;
    }
    if (!restored_.replaced) {
      if (::mkdir(replaced_.c_str(), 0700) != 0) files::throw_errno(replaced_.string());
      restored_.replaced = replaced_;
    }
    move(path, replaced_ / path.filename());
  }

  void make_room() {
    for (const auto& name : with_companions(top_)) {
      if (fs::exists(fs::symlink_status(place_.home / name))) set_aside(place_.home / name);
    }
    if (restored_.replaced) files::sync_folder(*restored_.replaced);
  }

  void take_places() {
    const auto is_database = [](const std::string& name) {
      return treatment_of(name) == Treatment::database;
    };
    std::vector<std::string> names(top_.begin(), top_.end());
    std::ranges::partition(names, [&](const auto& name) { return !is_database(name); });
    if (manifest_.env_sha256 && place_.env_file) place_env();
    for (const auto& name : names) move(beside_ / name, place_.home / name);
    fs::remove(beside_);
    files::sync_folder(place_.home);
  }

  /// Its place may lie in another file system.
  void place_env() {
    const fs::path& target = *place_.env_file;
    const auto text = files::read_small_file(beside_ / env_beside, longest_env);
    if (!text) throw std::system_error(text.error(), (beside_ / env_beside).string());
    std::error_code missing;
    if (fs::exists(target, missing)) move(target, target.string() + "." + replaced_.filename().string());
    files::write_whole_file(target, text->text);
    fs::remove(beside_ / env_beside);
  }

  static constexpr const char* env_beside = ".env of the configuration";

  const fs::path& folder_;
  const Manifest& manifest_;
  const Place& place_;
  fs::path beside_;
  fs::path replaced_;
  std::set<std::string> top_;  ///< the names in the home
  Restored restored_;
};

}  // namespace

std::vector<std::string> find_faults(const fs::path& folder, const Manifest& manifest) {
  std::vector<std::string> faults;
  const auto keep = [&](std::optional<std::string> fault) {
    if (fault) faults.push_back(*std::move(fault));
    return faults.empty();
  };
  const auto content = open_folder(AT_FDCWD, (folder / content_name).string());
  for (const Entry& entry : manifest.entries) {
    if (entry.kind != EntryKind::file) continue;
    const bool right = keep(fault_of_file(content.get(), entry));
    if (right && treatment_of(entry.path) == Treatment::database) {
      keep(fault_of_database(folder / content_name / entry.path));
    }
  }
  if (manifest.env_sha256) {
    const auto outer = open_folder(AT_FDCWD, folder.string());
    const auto found = digest_of(open_file(outer.get(), env_name), env_name);
    if (found.sha256 != *manifest.env_sha256)
      faults.emplace_back("env was changed since the backup was made");
  }
  return faults;
}

std::expected<Restored, std::string> restore(const fs::path& folder, const Manifest& manifest,
                                             const Place& place, domain::Timestamp now) {
  return Restoring(folder, manifest, place, now).run();
}

}  // namespace butler::backup
