#include "files/trusted_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "files/small_file.hpp"

namespace butler::files {

namespace {

constexpr std::size_t longest_file = 1024UL * 1024;

std::string why_not_read(const std::error_code& error) {
  if (error == std::errc::too_many_symbolic_link_levels) return "it is a link; put the file itself there";
  if (error == std::errc::permission_denied) {
    return "the user that the worker runs as may not read it; give it to that user, with chown";
  }
  if (error == std::errc::invalid_argument) return "it is no regular file";
  if (error == std::errc::file_too_large) return "it is larger than 1 MiB";
  return error.message();
}

/// Why nobody may trust what it holds; "" when one may.
std::string distrust(const SmallFile& file, Holds holds) {
  if (file.owner != 0 && file.owner != ::geteuid()) {
    return "it belongs to another user; give it to the user that the worker runs as, with chown";
  }
  if (holds == Holds::secrets && (file.mode & (S_IRWXG | S_IRWXO)) != 0) {
    return "it holds secrets, and others may read it; run: chmod 600 on it";
  }
  if ((file.mode & (S_IWGRP | S_IWOTH)) != 0) return "others may write to it; run: chmod go-w on it";
  return {};
}

}  // namespace

std::expected<std::optional<std::string>, std::string> read_trusted_file(const std::filesystem::path& file,
                                                                         Holds holds) {
  auto found = read_small_file(file, longest_file, holds == Holds::secrets ? Links::refuse : Links::follow);
  if (!found && found.error() == std::errc::no_such_file_or_directory) return std::nullopt;
  if (!found) return std::unexpected(why_not_read(found.error()));
  if (auto why = distrust(*found, holds); !why.empty()) return std::unexpected(std::move(why));
  return std::move(found->text);
}

}  // namespace butler::files
