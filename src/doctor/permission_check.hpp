#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "doctor/finding.hpp"

/// The check `permissions`.
namespace butler::doctor {

/// What a file or folder is, and what it may be.
struct FileFacts {
  std::string path = {};
  std::string what = {};  ///< for people: "the settings, which hold secrets"
  bool folder = false;
  bool regular = true;  ///< it is what it should be: a folder, or a file, and no link
  mode_t mode = 0;      ///< permission bits
  uid_t owner = 0;
  mode_t forbidden = 0077;  ///< bits that must not be set
  uid_t expected_owner = 0;
  std::string expected_name = {};  ///< of the owner, for people
};

/// nullopt when all is well. A wrong mode has a fix; a wrong owner is a person's to change. Pure but for the
/// fix, which changes the mode of the very file that was looked at, or says why it does not.
std::optional<Finding> judge_file(const FileFacts& facts);

}  // namespace butler::doctor
