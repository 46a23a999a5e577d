#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "doctor/finding.hpp"

/// The check `databases`: undamaged, and of this program's schema.
namespace butler::doctor {

/// What a database says of itself.
struct DatabaseFacts {
  std::string path = {};
  bool exists = false;
  std::string fault = {};                 ///< why it cannot be read; "" when it can
  std::vector<std::string> damages = {};  ///< what PRAGMA quick_check found
  bool checked = true;                    ///< the check was not given up for its time
  std::int64_t version = 0;               ///< of its schema
  std::int64_t newest = 0;                ///< that this program knows
  std::vector<std::string> changed = {};  ///< migrations that were applied in another form
  std::string backup = {};                ///< the newest copy that a migration left; "" for none
  std::string start = "butler up";        ///< the command that starts Butler here
};

Finding judge_database(const DatabaseFacts& facts);

}  // namespace butler::doctor
