#include "console/job_search.hpp"

#include <gmock/gmock.h>

namespace butler::console::job_search_test {

namespace {

using testing::HasSubstr;

domain::Job job(std::string id, std::string prompt = "tidy up") {
  domain::Job made;
  made.id = std::move(id);
  made.prompt = std::move(prompt);
  return made;
}

WaitingCall call(std::string id) {
  WaitingCall made;
  made.approval.id = std::move(id);
  made.approval.tool_name = "bash";
  made.approval.summary = "rm -r build";
  return made;
}

const std::vector jobs{job("01990000-0000-7000-8000-58d8a5aaaaaa"),
                       job("01990000-0000-7000-8000-58d8a5bbbbbb"),
                       job("01990000-0000-7000-8000-7f3a2ccccccc")};
const std::vector calls{call("01990000-0000-7000-8000-7f3a2cdddddd")};

TEST(JobSearchTest, TheBeginOfTheRandomPartNamesAJobInAnyCase) {
  EXPECT_EQ(find_named(jobs, {}, "7F3").size(), 1U);
  EXPECT_EQ(find_named(jobs, {}, "58d8a5b").size(), 1U);
  EXPECT_EQ(find_named(jobs, {}, "01990000-0000-7000-8000-58d8a5aaaaaa").size(), 1U);
  EXPECT_EQ(find_named(jobs, {}, "58d8a5").size(), 2U);
  EXPECT_EQ(find_named(jobs, {}, "").size(), 0U);
}

TEST(JobSearchTest, ACallThatWaitsIsNamedByItsOwnId) {
  EXPECT_EQ(find_named(jobs, calls, "7f3a2c").size(), 2U);
  const auto found = find_named(jobs, calls, "7f3a2cd");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<WaitingCall>(found.front()));
}

TEST(JobSearchTest, WhatAnIdCanMeanIsListed) {
  const auto found = find_named(jobs, calls, "7f3a2c");
  const auto text = which_one(found, "7f3a2c", "butler job approve", {});
  EXPECT_THAT(text, HasSubstr("butler job approve"));
  EXPECT_THAT(text, HasSubstr("7f3a2c · queued"));
  EXPECT_THAT(text, HasSubstr("waits for a decision"));
  EXPECT_THAT(text, HasSubstr("bash: rm -r build"));
}

TEST(JobSearchTest, AnIdThatNamesNothingIsShownWithoutItsControls) {
  const auto text = which_one({}, "\x1B[2J", "butler job show", {});
  EXPECT_THAT(text, HasSubstr("there is no job"));
  EXPECT_THAT(text, HasSubstr("butler jobs"));
  EXPECT_EQ(text.find('\x1B'), std::string::npos);
}

}  // namespace

}  // namespace butler::console::job_search_test
