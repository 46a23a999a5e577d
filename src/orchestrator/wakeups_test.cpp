#include "orchestrator/wakeups.hpp"

#include <gtest/gtest.h>

namespace butler::orchestrator::wakeups_test {
namespace {

TEST(Wakeups, TopicsAreReadAsTheyWereWritten) {
  const std::vector<Topic> topics{{Topic::Kind::claim},
                                  {Topic::Kind::job, "id"},
                                  {Topic::Kind::events, "id"},
                                  {Topic::Kind::lease, "id"},
                                  {Topic::Kind::deliveries, "telegram:\"1\",\n\xC3\xA4"}};
  const auto texts = to_announcements(topics);
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_EQ(from_announcement(texts[0]), topics);
}

TEST(Wakeups, ManyTopicsAreSeveralTextsOfWhichNoneIsTooLong) {
  std::vector<Topic> topics;
  for (int i = 0; i < 1'000; ++i) topics.push_back({Topic::Kind::job, "job-" + std::to_string(i)});
  const auto texts = to_announcements(topics, 100);
  std::vector<Topic> read;
  for (const auto& text : texts) {
    EXPECT_LE(text.size(), 100U);
    const auto part = from_announcement(text);
    ASSERT_TRUE(part) << text;
    read.insert(read.end(), part->begin(), part->end());
  }
  EXPECT_EQ(read, topics);
  EXPECT_TRUE(to_announcements({}).empty());
}

TEST(Wakeups, WhatIsNoneOfOursIsToldApart) {
  for (const auto* const text : {"", "c", "{}", "[1]", "[\"\"]", "[\"x\"]", "[\"c\"", "null"}) {
    EXPECT_FALSE(from_announcement(text)) << text;
  }
}

}  // namespace
}  // namespace butler::orchestrator::wakeups_test
