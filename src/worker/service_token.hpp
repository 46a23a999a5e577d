#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/types.hpp"

namespace butler::worker {

/// What one agent process shows to be served other hosts and MCP servers, and to send files, on its listener.
/// Where the network is not its own, every program of the machine could connect there.
class ServiceToken {
 public:
  /// A random one.
  ServiceToken();

  /// What tells programs to take the listener on this port as their way to other hosts, to the MCP servers
  /// that the worker asks for them, and to whom they send files: the token is part of each address.
  std::vector<std::string> way_out(std::uint16_t port) const;

  /// Whether a CONNECT has it, as the password in its Proxy-Authorization.
  bool is_in_proxy_authorization(const http::RequestHead& head) const;

  static bool is_for_mcp(const http::RequestHead& head);
  /// "/mcp/<name>" of "/mcp/<token>/<name>"; nothing with another token, or with none.
  std::optional<std::string> mcp_target(const http::RequestHead& head) const;

  static bool is_for_files(const http::RequestHead& head);
  /// The name in "/files/<token>/<name>", as sent; nothing with another token, or with none.
  std::optional<std::string> file_name(const http::RequestHead& head) const;

 private:
  std::optional<std::string> behind_token(const http::RequestHead& head, std::string_view prefix) const;

  std::string token_;
  std::string credentials_;  ///< of the Basic scheme
};

}  // namespace butler::worker
