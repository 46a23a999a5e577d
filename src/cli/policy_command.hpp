#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "cli/command_line.hpp"
#include "config/load.hpp"

namespace butler::cli {

/// `butler policy init`: writes `<home>/config/policy.json`, 0644. exit_failure when it is there and `force`
/// is not given.
struct PolicyInit {
  std::string profile = "balanced";
  bool force = false;
};
int init_policy(const config::Loaded& loaded, const PolicyInit& options, std::ostream& out);

/// `butler policy show`: the policy in force, with the rules of its profile. exit_config when the file is
/// broken.
int show_policy(const config::Loaded& loaded, Format format, std::ostream& out);

/// `butler policy check`: what is wrong with the file; "" means that of the home. exit_ok, or exit_config.
int check_policy(const config::Loaded& loaded, const std::string& file, std::ostream& out);

/// `butler policy explain`: the question that is asked of the policy.
struct PolicyQuestion {
  std::string role = "owner";
  std::string requester;
  std::string chat;
  std::string session;
  std::string kind = "task";
  std::string tool;  ///< "" : told from what else is given
  std::string path;
  std::string host;
  std::string workspace;  ///< "": that of the configuration
  std::vector<std::string> words;
};
int explain_policy(const config::Loaded& loaded, const PolicyQuestion& asked, Format format,
                   std::ostream& out);

/// Adds `butler policy …` to the command line.
void add_policy_commands(CLI::App& app, Action& chosen);

}  // namespace butler::cli
