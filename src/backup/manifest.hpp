#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "domain/timestamp.hpp"

namespace butler::backup {

/// The list of what a backup holds, `manifest.json`. It is written last: a folder without it is no backup.
inline constexpr const char* manifest_name = "manifest.json";
/// The folder of a backup that holds what is in the home.
inline constexpr const char* content_name = "home";
/// The file of a backup that is the configuration's `.env`, wherever that lay.
inline constexpr const char* env_name = "env";

enum class EntryKind : std::uint8_t { folder, file, link };

struct Entry {
  std::string path;  ///< relative to the home
  EntryKind kind = EntryKind::file;
  std::int64_t mode = 0;  ///< permission bits
  std::string user = {};  ///< the owner's name, or number where it has none
  std::string group = {};
  std::optional<std::int64_t> size = {};   ///< of a file
  std::optional<std::string> sha256 = {};  ///< of a file
  std::optional<std::string> link_target = {};
};

struct Manifest {
  std::int64_t format = 1;
  domain::Timestamp created_at{};
  std::string version;  ///< of the program that made it
  std::string home;     ///< where it was made of
  std::optional<std::string> env_sha256 = {};
  std::vector<Entry> entries;  ///< a folder before what is in it
};

std::string to_json(const Manifest& manifest);

/// The error is a sentence: what is there is no manifest, is of a newer format, or names a path that leads
/// out of the home. Pure.
std::expected<Manifest, std::string> parse_manifest(std::string_view text);

/// Reads `<folder>/manifest.json`.
std::expected<Manifest, std::string> read_manifest(const std::filesystem::path& folder);

}  // namespace butler::backup
