#pragma once

#include <string>
#include <utility>

#include "policy/policy.hpp"

/// Questions of a made-up Butler, for the tests.
namespace butler::policy {

inline Question question(std::string tool = "bash") {
  return {.role = Requester::owner,
          .requester_id = "7",
          .chat_id = "7",
          .session_key = "telegram:7",
          .tool = std::move(tool),
          .cwd = "/home/butler/.butler/workspace",
          .workspace = "/home/butler/.butler/workspace",
          .agent_home = "/home/butler/.butler/agent/home",
          .scratch = "/home/butler/.butler/agent/tmp/s1",
          .butler_home = "/home/butler/.butler",
          .readable = {"/home/butler/.butler/agent/skills", "/var/lib/butler/runtime"}};
}

inline Question about_command(std::string command) {
  auto asked = question();
  asked.command = std::move(command);
  return asked;
}

inline Question about_path(std::string tool, std::string path) {
  auto asked = question(std::move(tool));
  asked.path = std::move(path);
  return asked;
}

inline Question about_host(std::string host) {
  auto asked = question("network");
  asked.host = std::move(host);
  return asked;
}

}  // namespace butler::policy
