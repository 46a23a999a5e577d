#pragma once

#include <gmock/gmock.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <ostream>
#include <string>

#include "doctor/finding.hpp"

namespace butler::doctor {

inline void PrintTo(const Finding& finding,
                    std::ostream* out) {  // NOLINT(readability-identifier-naming): GoogleTest's
  *out << status_name(finding.status) << ": " << finding.what_is << " | " << finding.mend;
}

namespace testing_support {

/// Whether a shell would take the text for commands; nothing of it is run.
inline bool is_shell_command(std::string text) {
  std::array<std::string, 3> words{"bash", "-n", "-c"};
  std::array<char*, 5> arguments{words[0].data(), words[1].data(), words[2].data(), text.data(), nullptr};
  pid_t pid = 0;
  if (::posix_spawnp(&pid, "bash", nullptr, nullptr, arguments.data(), environ) != 0) return false;
  int status = 0;
  return ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// What a finding comes to: its status, and a part of what is and of the command that mends it, which can be
/// pasted into a shell.
inline auto found(Status status, const std::string& what_is, const std::string& mend = "") {
  return testing::AllOf(testing::Field("status", &Finding::status, status),
                        testing::Field("what_is", &Finding::what_is, testing::HasSubstr(what_is)),
                        testing::Field("mend", &Finding::mend, testing::HasSubstr(mend)),
                        testing::Field("mend", &Finding::mend, testing::Truly(is_shell_command)));
}

}  // namespace testing_support
}  // namespace butler::doctor
