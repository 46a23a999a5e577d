#pragma once

#include <string>
#include <vector>

#include "config/environment.hpp"
#include "doctor/finding.hpp"

/// The checks `configuration`, `secrets` and `users`: their judgements. Pure.
namespace butler::doctor {

struct ConfigurationFacts {
  config::Problems problems = {};  ///< of every role
  std::vector<std::string> warnings = {};
  std::string env_file = {};  ///< the file that is read, or would be
  std::string home = {};
};

/// Everything but what is wrong with secrets.
Findings judge_configuration(const ConfigurationFacts& facts);

struct SecretFacts {
  config::Problems problems = {};  ///< of every role
  /// Keys of providers: name, where it is set, and why the value cannot be one ("" when it can).
  struct Key {
    std::string name;
    std::string source;
    std::string fault;
  };
  std::vector<Key> keys = {};
  std::string secrets_file = {};  ///< where those are that nobody has set
};

/// What is wrong with secrets.
Findings judge_secrets(const SecretFacts& facts);

struct UserFacts {
  bool root = false;
  bool control = false;                                ///< the user butler-control is there
  bool agent = false;                                  ///< the user butler is there
  std::string users_command = "tools/setup/users.sh";  ///< what makes them here
};

Findings judge_users(const UserFacts& facts);

}  // namespace butler::doctor
