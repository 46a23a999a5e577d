#include "mcp_host/configuration_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "log/log.hpp"

namespace butler::mcp_host {

namespace {

constexpr std::size_t longest_file = 1024UL * 1024;

class Descriptor {
 public:
  /// Nothing is waited for, and a link in the file's place is an error.
  explicit Descriptor(const std::filesystem::path& file)
      : fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string wrong(const std::filesystem::path& file, const std::string& why) {
  return "the MCP servers in " + file.string() + " cannot be used: " + why;
}

std::string why_not_open(int error) {
  if (error == ELOOP) return "it is a link; put the file itself there";
  if (error == EACCES)
    return "the user that the worker runs as may not read it; give it to that user, with chown";
  return std::strerror(error);
}

/// Why nobody may trust what it holds; "" when one may.
std::string distrust(const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return "it is no regular file";
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    return "it belongs to another user; give it to the user that the worker runs as, with chown";
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return "it holds secrets, and others may read it; run: chmod 600 on it";
  }
  return {};
}

std::expected<std::string, std::string> read_text(int fd) {
  std::string text;
  char buffer[16'384];
  for (;;) {
    const auto got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(std::string{std::strerror(errno)});
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > longest_file) return std::unexpected(std::string{"it is larger than 1 MiB"});
  }
}

}  // namespace

std::filesystem::path configuration_path(const std::filesystem::path& home) {
  return home / "config" / "mcp-host.json";
}

ConfigurationFile::Content ConfigurationFile::read(const std::filesystem::path& file) {
  const Descriptor descriptor{file};
  if (descriptor.get() < 0) {
    if (errno == ENOENT) return std::nullopt;
    return std::unexpected(why_not_open(errno));
  }
  struct stat status{};
  if (::fstat(descriptor.get(), &status) != 0) return std::unexpected(std::string{std::strerror(errno)});
  if (auto why = distrust(status); !why.empty()) return std::unexpected(std::move(why));
  return read_text(descriptor.get());
}

std::expected<ConfigurationFile, std::string> ConfigurationFile::open(std::filesystem::path file) {
  ConfigurationFile opened{std::move(file)};
  opened.content_ = read(opened.file_);
  if (auto taken = opened.take(opened.content_); !taken) return std::unexpected(std::move(taken.error()));
  return opened;
}

std::shared_ptr<const Server> ConfigurationFile::find(std::string_view name) {
  auto content = read(file_);
  if (content != content_) {
    content_ = std::move(content);
    if (const auto taken = take(content_); !taken) {
      log::error("mcp.broken",
                 {{"error", taken.error()}, {"meaning", "the servers that were read before stay in use"}});
    }
  }
  const auto found = servers_.find(name);
  return found == servers_.end() ? nullptr : found->second;
}

std::expected<void, std::string> ConfigurationFile::take(const Content& content) {
  if (!content) return std::unexpected(wrong(file_, content.error()));
  auto servers = *content ? parse_configuration(**content) : Servers{};
  if (!servers) return std::unexpected(wrong(file_, servers.error() + "; see docs/mcp.md"));
  servers_ = *std::move(servers);
  for (const auto& [name, server] : servers_) {
    for (const auto& secret : server->secrets()) log::redact(secret);
  }
  if (*content) log::info("mcp.loaded", {{"file", file_.string()}, {"servers", servers_.size()}});
  return {};
}

}  // namespace butler::mcp_host
