#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "http/types.hpp"

/// MCP servers that need secrets: they are asked by the worker, so that no agent has what they need.
namespace butler::mcp_host {

/// The tools of a server that agents may see and call; nothing else of it is served.
struct ToolList {
  bool all = false;
  std::set<std::string, std::less<>> names = {};

  bool allows(std::string_view tool) const { return all || names.contains(tool); }
};

/// A server that is asked over HTTP.
struct RemoteServer {
  http::Url url = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< added to each request; secret
};

/// A server that is started here, as a child of the worker's, and asked on its standard input.
struct LocalServer {
  std::vector<std::string> command = {};
  std::map<std::string, std::string> environment = {};  ///< secret
};

struct Server {
  std::string name = {};  ///< agents find it under this name
  std::variant<RemoteServer, LocalServer> place = {};
  ToolList tools = {};
  std::chrono::seconds timeout{120};  ///< for the answer to a call

  /// What must be in nothing that agents or logs see: the values of headers and variables, and what follows
  /// a scheme ("Bearer") in a header. Shorter ones than 8 characters are left out: they would hide ordinary
  /// text.
  std::vector<std::string> secrets() const;
};

using Servers = std::map<std::string, std::shared_ptr<const Server>, std::less<>>;

/// True for what can be a server's name: it stands in addresses and names a folder.
bool is_server_name(std::string_view name);

/// Reads the text of `config/mcp-host.json` (docs/mcp.md). The error is a sentence that says where it is
/// wrong; it shows no value, since those are secret.
std::expected<Servers, std::string> parse_configuration(std::string_view text);

}  // namespace butler::mcp_host
