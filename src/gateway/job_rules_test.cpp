#include "gateway/job_rules.hpp"

#include <gtest/gtest.h>

#include <array>

namespace butler::gateway::job_rules_test {

namespace {

using domain::Job;
using domain::JobKind;
using domain::JobStatus;

Job job(JobKind kind, JobStatus status) {
  Job one;
  one.kind = kind;
  one.status = status;
  return one;
}

struct Row {
  JobStatus status;
  Retry retry;
  Steer steer;
};

constexpr std::array rows{
    Row{JobStatus::needs_approval, Retry::not_over, Steer::not_started},
    Row{JobStatus::queued, Retry::not_over, Steer::not_started},
    Row{JobStatus::running, Retry::not_over, Steer::may},
    Row{JobStatus::aborting, Retry::not_over, Steer::ending},
    Row{JobStatus::completed, Retry::may, Steer::ending},
    Row{JobStatus::failed, Retry::may, Steer::ending},
    Row{JobStatus::aborted, Retry::may, Steer::ending},
};

TEST(JobRulesTest, ATaskIsRetriedAndSteeredAsTheTableSays) {
  for (const Row& row : rows) {
    EXPECT_EQ(retry_of(job(JobKind::task, row.status), false), row.retry);
    EXPECT_EQ(steering_of(job(JobKind::task, row.status)), row.steer);
  }
}

TEST(JobRulesTest, ACommandIsRetriedOnlyByThoseWhoMayRunOne) {
  EXPECT_EQ(retry_of(job(JobKind::run, JobStatus::failed), true), Retry::may);
  EXPECT_EQ(retry_of(job(JobKind::run, JobStatus::failed), false), Retry::owners_only);
  EXPECT_EQ(retry_of(job(JobKind::run, JobStatus::needs_approval), true), Retry::not_over);
}

TEST(JobRulesTest, ARunningCommandCannotBeSteered) {
  EXPECT_EQ(steering_of(job(JobKind::run, JobStatus::running)), Steer::is_command);
}

}  // namespace

}  // namespace butler::gateway::job_rules_test
