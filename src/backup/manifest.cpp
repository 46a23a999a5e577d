#include "backup/manifest.hpp"

#include <algorithm>
#include <boost/describe.hpp>
#include <set>

#include "files/small_file.hpp"
#include "json/codec.hpp"
#include "json/value.hpp"

namespace butler::backup {

namespace fs = std::filesystem;

BOOST_DESCRIBE_ENUM(EntryKind, folder, file, link)
BOOST_DESCRIBE_STRUCT(Entry, (), (path, kind, mode, user, group, size, sha256, link_target))
BOOST_DESCRIBE_STRUCT(Manifest, (), (format, created_at, version, home, env_sha256, entries))

namespace {

constexpr std::size_t manifest_limit = 1'024UL * 1'024 * 1'024;

bool stays_inside(const std::string& path) {
  const fs::path given{path};
  if (given.empty() || given.is_absolute() || given.lexically_normal() != given) return false;
  return std::ranges::none_of(
      given, [](const fs::path& part) { return part.empty() || part == ".." || part == "."; });
}

/// Why it cannot be carried out as it stands; "" when it can.
std::string find_fault(const Manifest& manifest) {
  std::set<std::string> folders{""};
  std::set<std::string> seen;
  for (const Entry& entry : manifest.entries) {
    const std::string quoted = "\"" + entry.path + "\"";
    if (!stays_inside(entry.path)) return "it names " + quoted + ", which is no path in the home";
    if (!seen.insert(entry.path).second) return "it names " + quoted + " twice";
    if (!folders.contains(fs::path{entry.path}.parent_path().string()))
      return "it names " + quoted + " before its folder";
    if (entry.kind == EntryKind::folder) folders.insert(entry.path);
    if (entry.kind == EntryKind::file && !(entry.size && entry.sha256))
      return quoted + " has no size or no digest";
    if (entry.kind == EntryKind::link && !entry.link_target) return "the link " + quoted + " leads nowhere";
  }
  return {};
}

}  // namespace

std::string to_json(const Manifest& manifest) { return json::serialize(json::encode(manifest)) + "\n"; }

std::expected<Manifest, std::string> parse_manifest(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return std::unexpected("it is no JSON");
  auto manifest = json::decode<Manifest>(*value);
  if (!manifest) {
    const auto& problem = manifest.error().front();
    return std::unexpected(problem.path + ": " + problem.message);
  }
  if (manifest->format != 1) {
    return std::unexpected("it has the format " + std::to_string(manifest->format) +
                           ", this program knows 1: use the version of Butler that made it");
  }
  if (auto fault = find_fault(*manifest); !fault.empty()) return std::unexpected(std::move(fault));
  return std::move(*manifest);
}

std::expected<Manifest, std::string> read_manifest(const fs::path& folder) {
  const auto file = folder / manifest_name;
  const auto text = files::read_small_file(file, manifest_limit);
  if (!text) {
    return std::unexpected(folder.string() + " is no backup, or an unfinished one: " + file.string() + ": " +
                           text.error().message());
  }
  auto manifest = parse_manifest(text->text);
  if (!manifest) return std::unexpected(file.string() + ": " + manifest.error());
  return manifest;
}

}  // namespace butler::backup
