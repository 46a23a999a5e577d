#include "domain/rate_limit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace butler::domain::rate_limit_test {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr Timestamp now{1'700'000'000'000ms};

struct Case {
  std::string name;
  std::size_t count;
  std::vector<milliseconds> ages;  ///< of the earlier ones
  std::optional<milliseconds> wait;
};

std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.name; }

class RateLimitTest : public testing::TestWithParam<Case> {};

TEST_P(RateLimitTest, SaysHowLong) {
  std::vector<Timestamp> earlier;
  for (const auto age : GetParam().ages) earlier.push_back(now - age);

  EXPECT_EQ(wait_for_rate(earlier, now, {.count = GetParam().count, .window = 60s}), GetParam().wait);
}

const std::vector<Case> cases{
    {"TheFirstGoes", 1, {}, std::nullopt},
    {"ZeroMeansNoLimit", 0, {1s, 1s, 1s, 1s}, std::nullopt},
    {"BelowTheLimitGoes", 3, {1s, 2s}, std::nullopt},
    {"AtTheLimitWaitsForTheOldest", 3, {1s, 2s, 50s}, 10s},
    {"TheOrderDoesNotMatter", 3, {50s, 1s, 2s}, 10s},
    {"WhatIsExactlyAWindowOldIsOver", 1, {60s}, std::nullopt},
    {"OneMillisecondIsLeft", 1, {59'999ms}, 1ms},
    {"BeyondALoweredLimitWaitsUntilEnoughAreOver", 2, {10s, 20s, 30s, 40s}, 40s},
    {"ATimeInTheFutureDoesNotCount", 1, {-5s}, std::nullopt},
    {"ThisVeryMillisecondCounts", 1, {0s}, 60s},
};

INSTANTIATE_TEST_SUITE_P(Table, RateLimitTest, testing::ValuesIn(cases),
                         [](const auto& instance) { return instance.param.name; });

TEST(RateLimitPropertyTest, NoWindowEverHoldsMoreThanTheLimitAndTheSaidWaitIsExact) {
  constexpr RateLimit limit{.count = 4, .window = 1'000ms};
  std::mt19937 random{20'261'125};  // NOLINT: a fixed seed, so that a failure can be seen again
  std::uniform_int_distribution<int> pause{0, 400};
  std::vector<Timestamp> taken;
  Timestamp time = now;
  for (int i = 0; i < 5'000; ++i) {
    time += milliseconds{pause(random)};
    const auto wait = wait_for_rate(taken, time, limit);
    if (!wait) {
      taken.push_back(time);
    } else {
      ASSERT_GT(*wait, 0ms);
      ASSERT_TRUE(wait_for_rate(taken, time + *wait - 1ms, limit)) << "a shorter wait would have done";
      ASSERT_FALSE(wait_for_rate(taken, time + *wait, limit)) << "the wait was not enough";
    }
    if (taken.size() > limit.count) taken.erase(taken.begin(), taken.end() - 4);
    const auto inside =
        std::ranges::count_if(taken, [&](Timestamp one) { return one > time - limit.window; });
    ASSERT_LE(static_cast<std::size_t>(inside), limit.count);
  }
}

}  // namespace

}  // namespace butler::domain::rate_limit_test
