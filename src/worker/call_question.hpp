#pragma once

#include <string>

#include "json/value.hpp"

namespace butler::worker {

/// A tool call as the agent makes it.
struct CallQuestion {
  std::string id;
  std::string tool_name;
  json::Value input;
};

/// A host that the agent's network asks for.
struct HostQuestion {
  std::string host;  ///< a name in lower case
  int port = 443;
};

}  // namespace butler::worker
