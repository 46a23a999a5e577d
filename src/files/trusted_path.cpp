#include "files/trusted_path.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <system_error>

namespace butler::files {

namespace fs = std::filesystem;

namespace {

/// As many as the kernel follows: path_resolution(7).
constexpr int most_links = 40;

/// Why this one name on the way is not to be trusted; nullopt when it is.
std::optional<std::string> find_entry_fault(const fs::path& path, const struct stat& status, bool last) {
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    return path.string() + " belongs to another user (uid " + std::to_string(status.st_uid) +
           "), not to root or the user that runs it";
  }
  if (S_ISLNK(status.st_mode)) return std::nullopt;  // nobody can write to a link
  const bool shared = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (last || !shared))
    return "other users may write to " + path.string();
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_path_fault(const fs::path& path) {
  std::error_code error;
  fs::path at = fs::weakly_canonical(path.parent_path(), error);
  std::deque<fs::path> rest{path.filename()};
  for (int links = 0; !rest.empty();) {
    const fs::path name = rest.front();
    rest.pop_front();
    if (name.empty() || name == ".") continue;
    at = name == ".." ? at.parent_path() : at / name;  // an absolute name replaces what is before it
    struct stat status{};
    if (::lstat(at.c_str(), &status) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
      return at.string() + ": " + std::generic_category().message(errno);
    }
    if (auto fault = find_entry_fault(at, status, rest.empty())) return fault;
    if (!S_ISLNK(status.st_mode)) continue;
    const auto target = fs::read_symlink(at, error);
    if (error) return at.string() + ": " + error.message();
    if (++links > most_links) return path.string() + " leads through too many links";
    rest.insert(rest.begin(), target.begin(), target.end());
    at = at.parent_path();
  }
  return std::nullopt;
}

}  // namespace butler::files
