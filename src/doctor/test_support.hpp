#pragma once

#include <gmock/gmock.h>

#include <ostream>
#include <string>

#include "doctor/finding.hpp"

namespace butler::doctor {

inline void PrintTo(const Finding& finding,
                    std::ostream* out) {  // NOLINT(readability-identifier-naming): GoogleTest's
  *out << status_name(finding.status) << ": " << finding.what_is << " | " << finding.mend;
}

namespace testing_support {

/// What a finding comes to: its status, and a part of what is and of the command that mends it.
inline auto found(Status status, const std::string& what_is, const std::string& mend = "") {
  return testing::AllOf(testing::Field("status", &Finding::status, status),
                        testing::Field("what_is", &Finding::what_is, testing::HasSubstr(what_is)),
                        testing::Field("mend", &Finding::mend, testing::HasSubstr(mend)));
}

}  // namespace testing_support
}  // namespace butler::doctor
