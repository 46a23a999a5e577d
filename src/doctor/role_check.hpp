#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "admin/role_call.hpp"
#include "doctor/finding.hpp"

/// The checks `roles` and `port`: their judgements. Pure.
namespace butler::doctor {

struct RoleFacts {
  struct One {
    std::string name;
    admin::RoleAnswer answer;
  };
  std::string home = {};
  std::optional<pid_t> supervisor = {};  ///< who has the home's lock
  std::vector<One> roles = {};
  std::string start = "butler up";  ///< the command that starts Butler here
};

Findings judge_roles(const RoleFacts& facts);

struct PortFacts {
  std::string host = {};
  int port = 0;
  bool free = false;
  std::string fault = {};  ///< why it cannot be listened on, when not because somebody has it
  pid_t holder = 0;        ///< 0 when that is not known
  std::string holder_command = {};
  pid_t ours = 0;  ///< the orchestrator of this home; 0 when it does not run
};

Finding judge_port(const PortFacts& facts);

}  // namespace butler::doctor
