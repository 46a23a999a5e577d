#include "sandbox/init/broker_calls.hpp"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <utime.h>

#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

namespace butler::sandbox {

namespace {

constexpr long chmod_of_file = 452;  // fchmodat2, which Debian 12's headers do not know
constexpr std::size_t most_value_bytes = 65'536;
constexpr unsigned path_first = 0;

/// A name that is made, moved or removed.
Place changed_place(const Caller& caller, const Grounds& grounds, int folder, unsigned path) {
  Place place = locate(caller.folder(folder), caller.path_at(path), Links::stay);
  if (grounds.relation(place) != Relation::free) throw Refusal{EACCES};
  return place;
}

/// The same, of a name that must not be there yet.
Place new_place(const Caller& caller, const Grounds& grounds, int folder, unsigned path) {
  Place place = locate(caller.folder(folder), caller.path_at(path), Links::stay);
  if (is_there(place)) throw Refusal{EEXIST};
  if (grounds.relation(place) != Relation::free) throw Refusal{EACCES};
  return place;
}

Outcome done(long result) { return {.value = made(result)}; }

Outcome make_folder(const Caller& caller, const Grounds& grounds, int folder, unsigned path) {
  const Place place = new_place(caller, grounds, folder, path);
  ::umask(caller.creation_mask());
  return done(
      ::mkdirat(place.folder.get(), place.name.c_str(), static_cast<mode_t>(caller.argument(path + 1))));
}

Outcome make_node(const Caller& caller, const Grounds& grounds, int folder, unsigned path) {
  const Place place = new_place(caller, grounds, folder, path);
  ::umask(caller.creation_mask());
  return done(::mknodat(place.folder.get(), place.name.c_str(),
                        static_cast<mode_t>(caller.argument(path + 1)),
                        static_cast<dev_t>(caller.argument(path + 2))));
}

Outcome make_link(const Caller& caller, const Grounds& grounds, int folder, unsigned path) {
  const std::string target = caller.text_at(0, PATH_MAX);
  const Place place = new_place(caller, grounds, folder, path);
  return done(::symlinkat(target.c_str(), place.folder.get(), place.name.c_str()));
}

Outcome make_second_name(const Caller& caller, const Grounds& grounds, int from, unsigned old_path, int to,
                         unsigned new_path, int flags) {
  if ((flags & ~AT_SYMLINK_FOLLOW) != 0) throw Refusal{EINVAL};
  const auto links = flags == 0 ? Links::stay : Links::follow;
  const Place old_place = locate(caller.folder(from), caller.path_at(old_path), links);
  if (grounds.relation(old_place) != Relation::free) throw Refusal{EACCES};
  const Place place = new_place(caller, grounds, to, new_path);
  return done(
      ::linkat(old_place.folder.get(), old_place.name.c_str(), place.folder.get(), place.name.c_str(), 0));
}

Outcome remove_name(const Caller& caller, const Grounds& grounds, int folder, unsigned path, int flags) {
  const Place place = changed_place(caller, grounds, folder, path);
  return done(::unlinkat(place.folder.get(), place.name.c_str(), flags));
}

Outcome move(const Caller& caller, const Grounds& grounds, int from, unsigned old_path, int to,
             unsigned new_path, unsigned flags) {
  const Place old_place = changed_place(caller, grounds, from, old_path);
  const Place place = changed_place(caller, grounds, to, new_path);
  return done(::syscall(SYS_renameat2, old_place.folder.get(), old_place.name.c_str(), place.folder.get(),
                        place.name.c_str(), flags));
}

/// The process that a path below /proc names; nothing for other paths.
std::optional<pid_t> process_in(std::string_view path) {
  constexpr std::string_view prefix = "/proc/";
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  pid_t process = 0;
  const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), process);
  const auto length = static_cast<std::size_t>(end - path.data());
  if (error != std::errc{} || (length < path.size() && path[length] != '/')) return std::nullopt;
  return process;
}

struct Opening {
  int flags = 0;
  mode_t mode = 0;
  bool writes() const { return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0; }
  bool follows() const {
    return (flags & O_NOFOLLOW) == 0 && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
  }
};

Outcome handed(Handle file, int flags) {
  return {.kind = Outcome::Kind::handed, .file = std::move(file), .close_on_exec = (flags & O_CLOEXEC) != 0};
}

/// Refused while nobody reads a named pipe, or somebody has a lease of the file: to wait here would hold up
/// everybody.
Handle open_without_waiting(int folder, const char* name, int flags, mode_t mode) {
  Handle file = opened(::openat(folder, name, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, mode));
  if ((flags & O_NONBLOCK) == 0) {
    made(::fcntl(file.get(), F_SETFL, static_cast<int>(made(::fcntl(file.get(), F_GETFL))) & ~O_NONBLOCK));
  }
  return file;
}

Handle open_at(const Place& place, const Opening& opening) {
  return open_without_waiting(place.folder.get(), place.name.c_str(), opening.flags | O_NOFOLLOW,
                              opening.mode);
}

/// The path that an open file was found by, as the kernel knows it.
std::string path_of(const Handle& file) {
  std::array<char, PATH_MAX> text{};
  const std::string link = "/proc/self/fd/" + std::to_string(file.get());
  const long size = made(::readlink(link.c_str(), text.data(), text.size()));
  return {text.data(), static_cast<std::size_t>(size)};
}

/// Its folder and its name there; refused for one that has none any more.
Place place_of(const Handle& file) {
  const std::string path = path_of(file);
  if (!path.starts_with('/')) throw Refusal{EPERM};
  Place place = locate(Handle{::open("/", O_PATH | O_CLOEXEC)}, path, Links::stay);
  const Handle there = hold(place);
  struct stat expected{};
  struct stat found{};
  made(::fstat(file.get(), &expected));
  made(::fstat(there.get(), &found));
  if (expected.st_dev != found.st_dev || expected.st_ino != found.st_ino) throw Refusal{EPERM};
  return place;
}

bool has_a_name(const Handle& file) {
  struct stat status{};
  made(::fstat(file.get(), &status));
  return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
}

/// Of a pipe or a device there is nothing to protect.
Outcome open_again(const Grounds& grounds, const std::string& path, int flags) {
  const Handle file = opened(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (has_a_name(file) && grounds.relation(place_of(file)) == Relation::covered) throw Refusal{EACCES};
  const std::string link = "/proc/self/fd/" + std::to_string(file.get());
  const int without_making = flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW);
  return handed(open_without_waiting(AT_FDCWD, link.c_str(), without_making, 0), flags);
}

/// The machine's connections are behind each of its processes.
bool tells_of_the_network(const std::string& path) {
  return path.find("/net/") != std::string::npos || path.ends_with("/net");
}

/// Reading: what may be read is the kernel's to say, but for the processes of the sandbox in /proc, which
/// come and go, so that no rule can name them.
Outcome open_for_reading(const Caller& caller, const std::string& path, const Opening& opening) {
  if (!process_in(path)) return {.kind = Outcome::Kind::passed};
  const Place place = locate(caller.folder(AT_FDCWD), path, Links::stay);
  // Where it has led to, by whatever "..".
  const std::string real = path_of(place.folder) + "/" + place.name;
  const auto process = process_in(real);
  const bool shown = process && is_of_the_sandbox(*process) && !tells_of_the_network(real);
  if (!shown) return {.kind = Outcome::Kind::passed};
  struct stat status{};
  made(::fstatat(place.folder.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW));
  if (S_ISLNK(status.st_mode)) return {.kind = Outcome::Kind::passed};  // where it leads counts, not this
  return handed(open_at(place, opening), opening.flags);
}

Outcome open_file(const Caller& caller, const Grounds& grounds, int folder, unsigned path_number,
                  Opening opening) {
  if ((opening.flags & O_PATH) != 0) return {.kind = Outcome::Kind::passed};
  std::string path;
  try {
    path = caller.path_at(path_number);
  } catch (const Refusal&) {
    if (!opening.writes()) return {.kind = Outcome::Kind::passed};  // the kernel says the same
    throw;
  }
  if (!opening.writes()) return open_for_reading(caller, path, opening);
  if (const auto process = process_in(path); process && path.find("/fd/") != std::string::npos) {
    if (!is_of_the_sandbox(*process)) throw Refusal{EACCES};
    return open_again(grounds, path, opening.flags);
  }
  const Place place = locate(caller.folder(folder), path, opening.follows() ? Links::follow : Links::stay);
  if (grounds.relation(place) != Relation::free) {
    const bool exclusive = (opening.flags & O_EXCL) != 0;
    throw Refusal{exclusive && is_there(place) ? EEXIST : EACCES};
  }
  ::umask(caller.creation_mask());
  return handed(open_at(place, opening), opening.flags);
}

/// What a call that changes modes, owners, dates or labels is about: in a folder that the agent may change,
/// and no covered name.
struct Subject {
  Handle file;
  std::string path() const { return "/proc/self/fd/" + std::to_string(file.get()); }
};

void expect_own(const Place& place, const Grounds& grounds) {
  if (!grounds.is_inside(place) || grounds.relation(place) == Relation::covered) throw Refusal{EPERM};
}

Subject subject_by_descriptor(const Caller& caller, const Grounds& grounds, int descriptor) {
  Handle file = caller.file(descriptor);
  expect_own(place_of(file), grounds);
  return {std::move(file)};
}

Subject subject_by_path(const Caller& caller, const Grounds& grounds, int folder, unsigned path_number,
                        int flags) {
  const std::string path = (flags & AT_EMPTY_PATH) != 0 ? caller.text_at(path_number, PATH_MAX) : "?";
  if (path.empty()) return subject_by_descriptor(caller, grounds, folder);
  const std::string real = caller.path_at(path_number);
  // What glibc makes of fchmodat(): /proc/self/fd/<number>.
  if (const auto process = process_in(real); process && real.find("/fd/") != std::string::npos) {
    if (!is_of_the_sandbox(*process)) throw Refusal{EPERM};
    Handle file = opened(::open(real.c_str(), O_PATH | O_CLOEXEC));
    expect_own(place_of(file), grounds);
    return {std::move(file)};
  }
  const auto links = (flags & AT_SYMLINK_NOFOLLOW) != 0 ? Links::stay : Links::follow;
  const Place place = locate(caller.folder(folder), real, links);
  Handle file = hold(place);
  expect_own(place, grounds);
  return {std::move(file)};
}

Outcome change_mode(const Subject& subject, std::uint64_t mode) {
  return done(::syscall(chmod_of_file, subject.file.get(), "", static_cast<mode_t>(mode), AT_EMPTY_PATH));
}

Outcome change_owner(const Subject& subject, std::uint64_t user, std::uint64_t group) {
  return done(
      ::fchownat(subject.file.get(), "", static_cast<uid_t>(user), static_cast<gid_t>(group), AT_EMPTY_PATH));
}

using Times = std::array<timespec, 2>;

template <class T>
T read_as(const Caller& caller, unsigned number) {
  T value{};
  const std::string bytes = caller.bytes_at(number, sizeof(T));
  if (bytes.size() != sizeof(T)) throw Refusal{EFAULT};
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

Times microseconds(const Caller& caller, unsigned number) {
  const auto pair = read_as<std::array<timeval, 2>>(caller, number);
  return {timespec{.tv_sec = pair[0].tv_sec, .tv_nsec = pair[0].tv_usec * 1'000},
          timespec{.tv_sec = pair[1].tv_sec, .tv_nsec = pair[1].tv_usec * 1'000}};
}

Times seconds(const Caller& caller, unsigned number) {
  const auto pair = read_as<utimbuf>(caller, number);
  return {timespec{.tv_sec = pair.actime, .tv_nsec = 0}, timespec{.tv_sec = pair.modtime, .tv_nsec = 0}};
}

template <class Read>
Outcome change_times(const Subject& subject, const Caller& caller, unsigned number, Read read) {
  if (caller.argument(number) == 0) return done(::utimensat(subject.file.get(), "", nullptr, AT_EMPTY_PATH));
  const Times times = read(caller, number);
  return done(::utimensat(subject.file.get(), "", times.data(), AT_EMPTY_PATH));
}

Outcome change_label(const Subject& subject, const Caller& caller) {
  const std::string name = caller.text_at(1, XATTR_NAME_MAX + 1);
  const auto size = static_cast<std::size_t>(caller.argument(3));
  if (size > most_value_bytes) throw Refusal{E2BIG};
  const std::string value = size == 0 ? std::string{} : caller.bytes_at(2, size);
  if (value.size() != size) throw Refusal{EFAULT};
  return done(::setxattr(subject.path().c_str(), name.c_str(), value.data(), size, caller.number_at(4)));
}

Outcome remove_label(const Subject& subject, const Caller& caller) {
  return done(::removexattr(subject.path().c_str(), caller.text_at(1, XATTR_NAME_MAX + 1).c_str()));
}

Outcome cut_file(const Caller& caller, const Grounds& grounds) {
  const Place place = locate(caller.folder(AT_FDCWD), caller.path_at(path_first), Links::follow);
  if (grounds.relation(place) != Relation::free) throw Refusal{EACCES};
  const Handle file = open_at(place, {.flags = O_WRONLY});
  return done(::ftruncate(file.get(), static_cast<off_t>(caller.argument(1))));
}

/// Calls that name a folder's descriptor. Nothing for others.
std::optional<Outcome> call_with_folder(int call, const Caller& caller, const Grounds& grounds) {
  const int folder = caller.number_at(0);
  switch (call) {
    case SYS_openat:
      return open_file(caller, grounds, folder, 1,
                       {caller.number_at(2), static_cast<mode_t>(caller.argument(3))});
    case SYS_mkdirat: return make_folder(caller, grounds, folder, 1);
    case SYS_mknodat: return make_node(caller, grounds, folder, 1);
    case SYS_symlinkat: return make_link(caller, grounds, caller.number_at(1), 2);
    case SYS_linkat:
      return make_second_name(caller, grounds, folder, 1, caller.number_at(2), 3, caller.number_at(4));
    case SYS_unlinkat: return remove_name(caller, grounds, folder, 1, caller.number_at(2));
#ifdef SYS_renameat
    case SYS_renameat: return move(caller, grounds, folder, 1, caller.number_at(2), 3, 0);
#endif
    case SYS_renameat2:
      return move(caller, grounds, folder, 1, caller.number_at(2), 3,
                  static_cast<unsigned>(caller.argument(4)));
    case SYS_fchmodat: return change_mode(subject_by_path(caller, grounds, folder, 1, 0), caller.argument(2));
    case chmod_of_file:
      return change_mode(subject_by_path(caller, grounds, folder, 1, caller.number_at(3)),
                         caller.argument(2));
    case SYS_fchownat:
      return change_owner(subject_by_path(caller, grounds, folder, 1, caller.number_at(4)),
                          caller.argument(2), caller.argument(3));
    case SYS_utimensat: {
      const Subject subject = caller.argument(1) == 0
                                  ? subject_by_descriptor(caller, grounds, folder)
                                  : subject_by_path(caller, grounds, folder, 1, caller.number_at(3));
      return change_times(subject, caller, 2, read_as<Times>);
    }
    default: return std::nullopt;
  }
}

/// Calls that name an open file, or a path by itself, on every architecture.
std::optional<Outcome> call_with_file(int call, const Caller& caller, const Grounds& grounds) {
  const auto by_descriptor = [&] { return subject_by_descriptor(caller, grounds, caller.number_at(0)); };
  const auto by_path = [&](int flags) {
    return subject_by_path(caller, grounds, AT_FDCWD, path_first, flags);
  };
  switch (call) {
    case SYS_fchmod: return change_mode(by_descriptor(), caller.argument(1));
    case SYS_fchown: return change_owner(by_descriptor(), caller.argument(1), caller.argument(2));
    case SYS_fsetxattr: return change_label(by_descriptor(), caller);
    case SYS_fremovexattr: return remove_label(by_descriptor(), caller);
    case SYS_setxattr: return change_label(by_path(0), caller);
    case SYS_lsetxattr: return change_label(by_path(AT_SYMLINK_NOFOLLOW), caller);
    case SYS_removexattr: return remove_label(by_path(0), caller);
    case SYS_lremovexattr: return remove_label(by_path(AT_SYMLINK_NOFOLLOW), caller);
    case SYS_truncate: return cut_file(caller, grounds);
    default: return std::nullopt;
  }
}

/// The calls that newer architectures leave out.
std::optional<Outcome> call_of_old([[maybe_unused]] int call, [[maybe_unused]] const Caller& caller,
                                   [[maybe_unused]] const Grounds& grounds) {
#ifdef SYS_open
  const auto by_path = [&](int flags) {
    return subject_by_path(caller, grounds, AT_FDCWD, path_first, flags);
  };
  switch (call) {
    case SYS_open:
      return open_file(caller, grounds, AT_FDCWD, 0,
                       {caller.number_at(1), static_cast<mode_t>(caller.argument(2))});
    case SYS_creat:
      return open_file(caller, grounds, AT_FDCWD, 0,
                       {O_CREAT | O_WRONLY | O_TRUNC, static_cast<mode_t>(caller.argument(1))});
    case SYS_mkdir: return make_folder(caller, grounds, AT_FDCWD, 0);
    case SYS_mknod: return make_node(caller, grounds, AT_FDCWD, 0);
    case SYS_symlink: return make_link(caller, grounds, AT_FDCWD, 1);
    case SYS_link: return make_second_name(caller, grounds, AT_FDCWD, 0, AT_FDCWD, 1, 0);
    case SYS_unlink: return remove_name(caller, grounds, AT_FDCWD, 0, 0);
    case SYS_rmdir: return remove_name(caller, grounds, AT_FDCWD, 0, AT_REMOVEDIR);
    case SYS_rename: return move(caller, grounds, AT_FDCWD, 0, AT_FDCWD, 1, 0);
    case SYS_chmod: return change_mode(by_path(0), caller.argument(1));
    case SYS_chown: return change_owner(by_path(0), caller.argument(1), caller.argument(2));
    case SYS_lchown:
      return change_owner(by_path(AT_SYMLINK_NOFOLLOW), caller.argument(1), caller.argument(2));
    case SYS_utime: return change_times(by_path(0), caller, 1, seconds);
    case SYS_utimes: return change_times(by_path(0), caller, 1, microseconds);
    case SYS_futimesat: {
      const Subject subject = caller.argument(1) == 0
                                  ? subject_by_descriptor(caller, grounds, caller.number_at(0))
                                  : subject_by_path(caller, grounds, caller.number_at(0), 1, 0);
      return change_times(subject, caller, 2, microseconds);
    }
    default: break;
  }
#endif
  return std::nullopt;
}

}  // namespace

Outcome make_call(int call, const Caller& caller, const Grounds& grounds) {
  if (auto outcome = call_with_folder(call, caller, grounds)) return std::move(*outcome);
  if (auto outcome = call_with_file(call, caller, grounds)) return std::move(*outcome);
  if (auto outcome = call_of_old(call, caller, grounds)) return std::move(*outcome);
  throw Refusal{ENOSYS};
}

}  // namespace butler::sandbox
