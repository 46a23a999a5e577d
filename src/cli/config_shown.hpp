#pragma once

#include <string>

#include "config/load.hpp"
#include "config/variables.hpp"
#include "json/value.hpp"

namespace butler::cli {

/// A variable's value as people may see it.
struct ShownValue {
  std::string value;   ///< "" for none; "(set)" of a secret
  std::string source;  ///< "environment", ".env:3", "default", "not set"
};

ShownValue show_value(const config::Variable& variable, const config::Loaded& loaded);

/// All about it, for programs.
json::Object config_to_json(const config::Variable& variable, const ShownValue& shown);

/// What has to be said of a variable that is not fully supported; "" for others.
std::string support_note(config::Support support);

}  // namespace butler::cli
