#include "cli/running_roles.hpp"

#include "admin/role_call.hpp"
#include "config/variables.hpp"

namespace butler::cli {

std::vector<std::string> running_roles(const std::filesystem::path& home) {
  std::vector<std::string> running;
  for (const auto role : {config::Role::orchestrator, config::Role::gateway, config::Role::worker}) {
    const std::string name{config::role_name(role)};
    if (admin::look_for_role(home, name).listens()) running.push_back(name);
  }
  return running;
}

}  // namespace butler::cli
