#pragma once

#include <string>
#include <vector>

#include "policy/places.hpp"
#include "policy/policy.hpp"

/// What a tool call would do, as a list of effects. Pure; rules.hpp judges them one by one.
namespace butler::policy {

/// One thing that a call would do.
struct Effect {
  CommandClass command_class = CommandClass::unknown;
  std::string why;               ///< a clause: "writes /etc/hosts"
  std::string path = {};         ///< normalised; "" when it is about none
  Place place = Place::outside;  ///< of the path
  bool whole_tree = false;       ///< everything below the path is meant as well
  std::string host = {};         ///< lower case; "" when it is about none, or about one that is not known
  std::string command = {};  ///< the plain words of the simple command; "" for redirections and assignments
  bool hidden_code =
      false;  ///< comes from code within an argument: a rule for the command does not speak for it
  bool beyond_us = false;  ///< the analysis itself gave up: no rule can loosen it

  bool operator==(const Effect&) const = default;
};

struct Analysis {
  std::vector<Effect> effects = {};
  bool wrapper = false;
  std::vector<std::string> executed_files = {};
};

/// Of a tool call: a bash command, a path, a host, or a tool that we know nothing of.
Analysis analyse(const Question& question);

/// Of the bash command line alone.
Analysis analyse_command(const Question& question, const std::string& command);

}  // namespace butler::policy
