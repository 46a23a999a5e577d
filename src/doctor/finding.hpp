#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

namespace butler::doctor {

/// What a check came to.
enum class Status : std::uint8_t {
  ok,
  warning,  ///< Butler works, but not as it should, or not for long
  broken,   ///< Butler, or a part of it, does not work or is not safe
  skipped,  ///< not looked at; `what_is` says why
};

/// "ok", "warning", "broken", "skipped".
std::string status_name(Status status);

/// Mends something. Gives the sentence that says what was done; the error says why it could not be.
using Fix = std::function<std::expected<std::string, std::string>()>;

/// When `--fix` mends a finding.
enum class FixWhen : std::uint8_t {
  always,  ///< nothing can be lost by it
  named,   ///< only when the check was named with --only: others may notice it
};

/// What a check has found. The texts hold no secrets.
struct Finding {
  std::string name = {};  ///< of the check
  Status status = Status::ok;
  std::string what_is = {};         ///< a sentence
  std::string what_should_be = {};  ///< a sentence; "" when all is well
  std::string mend = {};            ///< a command for a shell that mends it; "" when all is well
  std::string remark = {};          ///< what has to be known of the mend, for people; mostly ""
  Fix fix = {};                     ///< empty when only a person should mend it
  FixWhen fix_when = FixWhen::always;
};

using Findings = std::vector<Finding>;

/// Findings without their check's name, which whoever runs the check adds.
Finding all_well(std::string what_is);
Finding left_out(std::string why);
Finding doubtful(std::string what_is, std::string what_should_be, std::string mend, std::string remark = {});
Finding wrong(std::string what_is, std::string what_should_be, std::string mend, std::string remark = {});

/// A sentence of somebody else's on one line, with one mark at its end.
std::string as_sentence(std::string text);

/// A path or another word as a shell reads it back: quoted where it has to be.
std::string shell_word(const std::string& text);

}  // namespace butler::doctor
