#include "domain/backoff.hpp"

#include <gtest/gtest.h>

namespace butler::domain::backoff_test {
namespace {

using namespace std::chrono_literals;

constexpr Backoff schedule{.initial = 200ms, .factor = 2.0, .cap = 1'000ms};

TEST(Backoff, GrowsByItsFactorUpToTheCap) {
  EXPECT_EQ(retry_delay(schedule, 1, 0), 200ms);
  EXPECT_EQ(retry_delay(schedule, 2, 0), 400ms);
  EXPECT_EQ(retry_delay(schedule, 3, 0), 800ms);
  EXPECT_EQ(retry_delay(schedule, 4, 0), 1'000ms);
  EXPECT_EQ(retry_delay(schedule, 1'000'000, 0), 1'000ms);
}

TEST(Backoff, JitterShortensByUpToHalf) {
  EXPECT_EQ(retry_delay(schedule, 1, 0.5), 150ms);
  EXPECT_GE(retry_delay(schedule, 1, 0.999), 100ms);
  EXPECT_GE(retry_delay(schedule, 50, 0.999), 500ms);
}

TEST(Backoff, AnAttemptBeforeTheFirstCountsAsTheFirst) {
  EXPECT_EQ(retry_delay(schedule, 0, 0), 200ms);
  EXPECT_EQ(retry_delay(schedule, -5, 0), 200ms);
}

}  // namespace
}  // namespace butler::domain::backoff_test
