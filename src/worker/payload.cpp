#include "worker/payload.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "digest/sha256.hpp"
#include "files/descriptor.hpp"

namespace butler::worker {

namespace fs = std::filesystem;

namespace {

constexpr off_t largest_file = off_t{256} << 20U;
constexpr std::size_t chunk_bytes = 256 * 1024;
// A pipe or a device in a file's place must not hold the worker up.
constexpr int open_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

void append_sorted(const json::Value& value, std::string& text) {
  if (const auto* array = value.if_array()) {
    text.push_back('[');
    for (const auto& item : *array) {
      if (&item != array->data()) text.push_back(',');
      append_sorted(item, text);
    }
    text.push_back(']');
    return;
  }
  const auto* object = value.if_object();
  if (object == nullptr) {
    text += json::serialize(value);
    return;
  }
  std::vector<const json::Object::value_type*> members;
  for (const auto& member : *object) members.push_back(&member);
  std::ranges::sort(members, {}, [](const auto* member) { return std::string_view{member->key()}; });
  text.push_back('{');
  for (const auto* member : members) {
    if (member != members.front()) text.push_back(',');
    text += json::serialize(json::Value(member->key()));
    text.push_back(':');
    append_sorted(member->value(), text);
  }
  text.push_back('}');
}

/// Opens for reading without waiting for whoever writes; inside the workspace no link leads out of it.
files::Descriptor open_file(const fs::path& file, const fs::path& workspace) {
  const auto inner = file.lexically_relative(workspace);
  if (inner.empty() || *inner.begin() == "..") return files::Descriptor{::open(file.c_str(), open_flags)};
  const files::Descriptor folder{::open(workspace.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!folder.is_open()) return {};
  open_how how{};
  how.flags = open_flags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return files::Descriptor{
      static_cast<int>(::syscall(SYS_openat2, folder.get(), inner.c_str(), &how, sizeof how))};
}

std::string why(const fs::path& file, int error) {
  return file.string() +
         ", which it would execute, cannot be read: " + std::generic_category().message(error);
}

std::expected<std::string, std::string> hash_content(const files::Descriptor& fd, const fs::path& file) {
  digest::Sha256 hash;
  off_t total = 0;
  std::string chunk(chunk_bytes, '\0');
  for (;;) {
    const auto count = ::read(fd.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(why(file, errno));
    if (count == 0) return hash.finish();
    total += count;
    if (total > largest_file) return std::unexpected(file.string() + " is too large to be checked");
    hash.add(std::string_view{chunk}.substr(0, static_cast<std::size_t>(count)));
  }
}

std::expected<std::string, std::string> content_of(const files::Descriptor& fd, const fs::path& file) {
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return std::unexpected(why(file, errno));
  if (!S_ISREG(status.st_mode)) return std::unexpected(file.string() + " is no file");
  if (status.st_size > largest_file) return std::unexpected(file.string() + " is too large to be checked");
  return hash_content(fd, file);
}

/// Where a link that leaves the workspace ends, and what lies there as far as the worker may see it.
std::expected<std::string, std::string> behind_link(const fs::path& file) {
  std::error_code broken;
  const auto target = fs::canonical(file, broken);
  if (broken) return "absent";
  std::string text = "link " + target.string();
  const files::Descriptor fd{::open(target.c_str(), open_flags | O_NOFOLLOW)};
  if (!fd.is_open()) return text;
  auto content = content_of(fd, target);
  if (!content) return content;
  return text + " " + *content;
}

}  // namespace

std::string sorted_json(const json::Value& value) {
  std::string text;
  append_sorted(value, text);
  return text;
}

std::string payload_hash(const Payload& payload) {
  json::Object files;
  for (const auto& [path, content] : payload.files) files.emplace(path, content);
  return digest::sha256_hex(sorted_json(json::Object{{"cwd", payload.cwd},
                                                     {"files", std::move(files)},
                                                     {"input", payload.input},
                                                     {"sandboxProfile", payload.sandbox_profile},
                                                     {"toolName", payload.tool_name}}));
}

std::expected<std::string, std::string> fingerprint(const fs::path& file, const fs::path& workspace) {
  const auto fd = open_file(file.lexically_normal(), workspace.lexically_normal());
  const int error = errno;
  if (!fd.is_open() && (error == ENOENT || error == ENOTDIR)) return "absent";
  if (!fd.is_open() && error == EXDEV) return behind_link(file);
  if (!fd.is_open()) return std::unexpected(why(file, error));
  return content_of(fd, file);
}

std::expected<std::map<std::string, std::string>, std::string> fingerprints(
    const std::vector<std::string>& files, const fs::path& workspace) {
  std::map<std::string, std::string> found;
  for (const auto& file : files) {
    auto content = fingerprint(file, workspace);
    if (!content) return std::unexpected(content.error());
    found.emplace(file, std::move(*content));
  }
  return found;
}

}  // namespace butler::worker
