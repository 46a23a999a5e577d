#include "gateway/replacement.hpp"

#include <gtest/gtest.h>

#include <string>

namespace butler::gateway::replacement_test {

namespace {

using domain::JobStatus;

domain::Job job(JobStatus status, std::optional<std::string> error = {}) {
  domain::Job one;
  one.status = status;
  one.error = std::move(error);
  return one;
}

TEST(ReplacementTest, IsDoneOnlyForAJobThatWeHaveStopped) {
  EXPECT_EQ(replacement_of(job(JobStatus::aborted, std::string{replaced_reason})), Replacement::done);
  EXPECT_EQ(replacement_of(job(JobStatus::aborted, "stopped in the chat")), Replacement::over);
  EXPECT_EQ(replacement_of(job(JobStatus::aborted)), Replacement::over);
  EXPECT_EQ(replacement_of(job(JobStatus::failed, std::string{replaced_reason})), Replacement::over);
}

TEST(ReplacementTest, OfAJobThatHasNotEndedFollowsItsStatus) {
  EXPECT_EQ(replacement_of(job(JobStatus::queued)), Replacement::ask_again);
  EXPECT_EQ(replacement_of(job(JobStatus::running)), Replacement::too_late);
  EXPECT_EQ(replacement_of(job(JobStatus::aborting)), Replacement::too_late);
  EXPECT_EQ(replacement_of(job(JobStatus::needs_approval)), Replacement::too_late);
  EXPECT_EQ(replacement_of(job(JobStatus::completed)), Replacement::over);
}

}  // namespace

}  // namespace butler::gateway::replacement_test
