#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>

#include "backup/manifest.hpp"
#include "files/descriptor.hpp"

/// The system calls of both directions. Nothing here follows a symbolic link: an agent may write to most of
/// what is copied, and root copies it. Faults are std::system_error and name the file.
namespace butler::backup {

/// Opens a folder; `parent` may be AT_FDCWD.
files::Descriptor open_folder(int parent, const std::string& name);

/// What fstat says of an open file.
struct stat status_of(const files::Descriptor& file, const std::string& name);

/// Who owns it and with what permissions, in the words of a manifest.
Entry described(const std::string& path, EntryKind kind, const struct stat& status);

/// Copies an open file to a new one (0600) and on the disk; its size and digest.
struct Copied {
  std::int64_t size = 0;
  std::string sha256;
};
Copied copy_bytes(const files::Descriptor& from, const files::Descriptor& to, const std::string& name);

/// Size and digest of a file as it lies there.
Copied digest_of(const files::Descriptor& from, const std::string& name);

/// Gives what lies at `name` in the folder to the entry's owner (as root; else it stays ours) with the
/// entry's permissions. Throws std::runtime_error when there is no such user.
void give_to_owner(int folder, const std::string& name, const Entry& entry);

}  // namespace butler::backup
