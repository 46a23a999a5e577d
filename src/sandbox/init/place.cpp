#include "sandbox/init/place.hpp"

#include <fcntl.h>
#include <linux/limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>

namespace butler::sandbox {

namespace {

constexpr int most_links = 40;  // as the kernel's MAXSYMLINKS

Handle open_folder(int from, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_MAGICLINKS;
  return opened(::syscall(SYS_openat2, from, path.c_str(), &how, sizeof(how)));
}

/// The path of a folder, as the kernel knows it.
std::string path_of_folder(int folder) {
  const std::string link = "/proc/self/fd/" + std::to_string(folder);
  std::array<char, PATH_MAX> path{};
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  return {path.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
}

bool is_our_process(const Handle& folder) {
  return (path_of_folder(folder.get()) + "/").starts_with("/proc/" + std::to_string(::getpid()) + "/");
}

/// The text of a link; "" when it is none.
std::string link_at(const Place& place) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = ::readlinkat(place.folder.get(), place.name.c_str(), target.data(), target.size());
  if (size <= 0) return {};
  if (static_cast<std::size_t>(size) == target.size()) throw Refusal{ENAMETOOLONG};
  return {target.data(), static_cast<std::size_t>(size)};
}

/// The last name of a path, cut off from it; "." for what has none.
std::string cut_name(std::string& path) {
  const bool is_folder = path.ends_with('/');
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const auto slash = path.rfind('/');
  std::string name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  if (name.empty() || name == "." || name == "..") return ".";
  path.resize(slash == std::string::npos ? 0 : slash + 1);
  if (path.empty()) path = ".";
  // The kernel asks for a folder then, link or not.
  return is_folder ? name + "/" : name;
}

}  // namespace

Place locate(const Handle& from, std::string path, Links at_the_end) {
  if (path.empty()) throw Refusal{ENOENT};
  Handle begin = Handle{::fcntl(from.get(), F_DUPFD_CLOEXEC, 0)};
  for (int links = 0; links <= most_links; ++links) {
    std::string name = cut_name(path);
    Place place{.folder = open_folder(begin.get(), path), .name = name};
    // A link to /dev/stdout: what is meant is the caller's, and this would be ours.
    if (is_our_process(place.folder)) throw Refusal{EACCES};
    const bool must_be_folder = name.ends_with('/');
    if (must_be_folder) place.name.pop_back();
    if (place.name == "." || (at_the_end == Links::stay && !must_be_folder)) return place;
    std::string target = link_at(place);
    if (target.empty()) return place;
    if (must_be_folder) target += '/';
    begin = std::move(place.folder);
    path = std::move(target);
  }
  throw Refusal{ELOOP};
}

Handle hold(const Place& place) {
  return opened(::openat(place.folder.get(), place.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

bool is_there(const Place& place) {
  struct stat status{};
  return ::fstatat(place.folder.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

Grounds::Identity Grounds::identity(int folder) {
  struct stat status{};
  made(::fstat(folder, &status));
  return {.device = status.st_dev, .inode = status.st_ino};
}

Grounds::Grounds(const std::string& workspace, CoveredNames covered, const std::vector<std::string>& writable)
    : workspace_(identity(open_folder(AT_FDCWD, workspace).get())), covered_(std::move(covered)) {
  for (const auto& path : writable) {
    const Handle folder{::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (folder.get() >= 0) writable_.push_back(identity(folder.get()));
  }
}

template <class Visit>
void Grounds::climb(const Place& place, Visit visit) {
  // By identity, not by name: a folder can be in sight at two places.
  std::string names = place.name == "." ? std::string{} : place.name;
  Handle folder = open_folder(place.folder.get(), ".");
  Identity current = identity(folder.get());
  for (;;) {
    visit(current, names);
    Handle parent = open_folder(folder.get(), "..");
    const Identity above = identity(parent.get());
    if (above == current) return;
    const std::string text = path_of_folder(folder.get());
    const std::string name = text.substr(text.rfind('/') + 1);
    names = names.empty() ? name : name + "/" + names;
    folder = std::move(parent);
    current = above;
  }
}

Relation Grounds::relation(const Place& place) const {
  auto relation = Relation::free;
  climb(place, [&](const Identity& folder, const std::string& names) {
    if (folder == workspace_ && !names.empty()) relation = std::max(relation, relation_of(names, covered_));
  });
  return relation;
}

bool Grounds::is_inside(const Place& place) const {
  bool inside = false;
  climb(place, [&](const Identity& folder, const std::string&) {
    inside = inside || std::ranges::find(writable_, folder) != writable_.end();
  });
  return inside;
}

}  // namespace butler::sandbox
