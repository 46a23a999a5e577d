#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace butler::mcp_wrappers {

/// One server of mcporter.json.
struct Server {
  json::Object definition;             ///< as it stands there
  bool remote = false;                 ///< has an address, and no program that is started
  std::vector<std::string> variables;  ///< whose values it asks for, from who runs it; sorted
};

using Servers = std::map<std::string, Server>;

/// Reads mcporter.json. Strict: members that the pinned mcporter does not know are errors that name them,
/// "imports" must be
/// [] (else mcporter takes in what editors have configured), paths must be absolute. The error is what
/// follows a colon.
std::expected<Servers, std::string> parse_servers(std::string_view text);

/// A configuration for mcporter with this server only, under this name. It is never kept alive by a daemon.
std::string configuration_for(const std::string& name, const Server& server);

/// The variables that texts of mcporter's ask for: ${NAME}, ${NAME:-otherwise}, $env:NAME.
std::vector<std::string> variables_in(std::string_view text);

}  // namespace butler::mcp_wrappers
