#include "mcp_host/configuration_file.hpp"

#include <utility>

#include "files/trusted_file.hpp"
#include "log/log.hpp"

namespace butler::mcp_host {

namespace {

std::string wrong(const std::filesystem::path& file, const std::string& why) {
  return "the MCP servers in " + file.string() + " cannot be used: " + why;
}

}  // namespace

std::filesystem::path configuration_path(const std::filesystem::path& home) {
  return home / "config" / "mcp-host.json";
}

ConfigurationFile::Content ConfigurationFile::read(const std::filesystem::path& file) {
  return files::read_trusted_file(file, files::Holds::secrets);
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
