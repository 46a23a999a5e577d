#pragma once

#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "mcp_host/configuration.hpp"

namespace butler::mcp_host {

/// `<home>/config/mcp-host.json`.
std::filesystem::path configuration_path(const std::filesystem::path& home);

/// The servers as they are now: the file is read before each request. What it holds of secrets is kept out of
/// the log.
///
/// A file is wrong when it holds what cannot be used, when it is a link or no regular file, and when somebody
/// else than we or root owns it or others may read it. One that has become so keeps the servers that were
/// read before; that is logged once as `mcp.broken`. A file that has gone leaves no servers. A new right one
/// is logged as `mcp.loaded`. One thread.
class ConfigurationFile {
 public:
  /// No file means no servers. The error is a sentence that names the file and says what to do: a worker does
  /// not start with a broken one.
  static std::expected<ConfigurationFile, std::string> open(std::filesystem::path file);

  /// The server of that name; null when there is none. Another object than before when the file has changed.
  std::shared_ptr<const Server> find(std::string_view name);

 private:
  /// The file's text, nullopt when there is none, or what is wrong with it.
  using Content = std::expected<std::optional<std::string>, std::string>;

  explicit ConfigurationFile(std::filesystem::path file) : file_(std::move(file)) {}

  static Content read(const std::filesystem::path& file);
  std::expected<void, std::string> take(const Content& content);

  std::filesystem::path file_;
  Content content_ = std::nullopt;  ///< as it was looked at last
  Servers servers_;
};

}  // namespace butler::mcp_host
