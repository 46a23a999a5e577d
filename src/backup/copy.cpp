#include "backup/copy.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>

#include "digest/sha256.hpp"
#include "files/throw_errno.hpp"
#include "files/whole_file.hpp"

namespace butler::backup {

namespace {

constexpr std::size_t piece_bytes = 256UL * 1'024;
constexpr mode_t permission_bits = 07777;

std::string user_name(uid_t user) {
  const passwd* const entry = ::getpwuid(user);  // NOLINT(concurrency-mt-unsafe): one thread
  return entry == nullptr ? std::to_string(user) : entry->pw_name;
}

std::string group_name(gid_t group) {
  const ::group* const entry = ::getgrgid(group);  // NOLINT(concurrency-mt-unsafe): one thread
  return entry == nullptr ? std::to_string(group) : entry->gr_name;
}

std::optional<unsigned> number_in(const std::string& text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

uid_t user_named(const std::string& name) {
  if (const passwd* const entry = ::getpwnam(name.c_str()))
    return entry->pw_uid;  // NOLINT(concurrency-mt-unsafe)
  if (const auto number = number_in(name)) return *number;
  throw std::runtime_error("the system user '" + name +
                           "' owns files of the backup and does not exist here: make it, as the "
                           "package or tools/setup/users.sh does, and restore again");
}

gid_t group_named(const std::string& name) {
  if (const ::group* const entry = ::getgrnam(name.c_str()))
    return entry->gr_gid;  // NOLINT(concurrency-mt-unsafe)
  if (const auto number = number_in(name)) return *number;
  throw std::runtime_error("the system group '" + name +
                           "' owns files of the backup and does not exist here: make it, and "
                           "restore again");
}

template <class Use>
Copied read_all(const files::Descriptor& from, const std::string& name, Use use) {
  std::array<char, piece_bytes> piece{};
  digest::Sha256 digest;
  Copied copied;
  for (;;) {
    const auto got = ::read(from.get(), piece.data(), piece.size());
    if (got < 0) files::throw_errno(name);
    if (got == 0) break;
    const std::string_view bytes(piece.data(), static_cast<std::size_t>(got));
    digest.add(bytes);
    use(bytes);
    copied.size += got;
  }
  copied.sha256 = digest.finish();
  return copied;
}

}  // namespace

files::Descriptor open_folder(int parent, const std::string& name) {
  files::Descriptor folder{::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!folder.is_open()) files::throw_errno(name);
  return folder;
}

struct stat status_of(const files::Descriptor& file, const std::string& name) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) files::throw_errno(name);
  return status;
}

Entry described(const std::string& path, EntryKind kind, const struct stat& status) {
  return Entry{.path = path,
               .kind = kind,
               .mode = status.st_mode & permission_bits,
               .user = user_name(status.st_uid),
               .group = group_name(status.st_gid)};
}

Copied copy_bytes(const files::Descriptor& from, const files::Descriptor& to, const std::string& name) {
  auto copied =
      read_all(from, name, [&](std::string_view bytes) { files::write_all(to.get(), bytes, name); });
  if (::fsync(to.get()) != 0) files::throw_errno(name);
  return copied;
}

Copied digest_of(const files::Descriptor& from, const std::string& name) {
  return read_all(from, name, [](std::string_view) {});
}

void give_to_owner(int folder, const std::string& name, const Entry& entry) {
  if (::geteuid() == 0 && ::fchownat(folder, name.c_str(), user_named(entry.user), group_named(entry.group),
                                     AT_SYMLINK_NOFOLLOW) != 0) {
    files::throw_errno(entry.path);
  }
  if (entry.kind == EntryKind::link) return;
  // fchmodat(2) follows links; what lies here was made by us a moment ago, in a folder that is ours alone.
  if (::fchmodat(folder, name.c_str(), static_cast<mode_t>(entry.mode) & permission_bits, 0) != 0) {
    files::throw_errno(entry.path);
  }
}

}  // namespace butler::backup
