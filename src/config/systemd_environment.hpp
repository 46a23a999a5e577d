#pragma once

#include <map>
#include <string>

namespace butler::config {

/// The variables as systemd.exec(5) reads them from an EnvironmentFile=, one in double quotes a line.
std::string render_systemd_environment(const std::map<std::string, std::string>& variables);

}  // namespace butler::config
