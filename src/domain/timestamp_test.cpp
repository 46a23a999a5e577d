#include "domain/timestamp.hpp"

#include <gtest/gtest.h>

namespace butler::domain::timestamp_test {
namespace {

using namespace std::chrono_literals;

TEST(Timestamp, IsWrittenInUtcWithMilliseconds) {
  EXPECT_EQ(to_iso8601(Timestamp{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso8601(Timestamp{1'795'341'279'123ms}), "2026-11-22T09:54:39.123Z");
  EXPECT_EQ(to_iso8601(Timestamp{-1ms}), "1969-12-31T23:59:59.999Z");
}

TEST(Timestamp, IsReadBackAsItWasWritten) {
  for (const auto time :
       {Timestamp{}, Timestamp{1ms}, Timestamp{951'826'154'007ms}, Timestamp{4'102'444'799'999ms}}) {
    EXPECT_EQ(from_iso8601(to_iso8601(time)), time);
  }
  EXPECT_TRUE(from_iso8601("2028-02-29T23:59:59.999Z"));
}

class NotATimestamp : public testing::TestWithParam<const char*> {};
TEST_P(NotATimestamp, IsRefused) { EXPECT_EQ(from_iso8601(GetParam()), std::nullopt); }
INSTANTIATE_TEST_SUITE_P(Texts, NotATimestamp,
                         testing::Values("", "2026-11-22", "2026-11-22T09:54:39Z", "2026-11-22T09:54:39.123",
                                         "2026-11-22T09:54:39.123+01:00", "2026-11-22 09:54:39.123Z",
                                         "2026-11-22T09:54:39.123Zx", "2026-13-22T09:54:39.123Z",
                                         "2026-00-22T09:54:39.123Z", "2026-02-29T09:54:39.123Z",
                                         "2026-11-31T09:54:39.123Z", "2026-11-22T24:00:00.000Z",
                                         "2026-11-22T09:60:39.123Z", "2026-11-22T09:54:60.123Z",
                                         "2026-11-22T09:54:39.-12Z", "+026-11-22T09:54:39.123Z",
                                         "2026-1x-22T09:54:39.123Z"));

TEST(Timestamp, TheWallClockHasNotStoodStillSinceThisWasWritten) {
  EXPECT_GT(wall_clock_now(), Timestamp{1'700'000'000'000ms});
}

}  // namespace
}  // namespace butler::domain::timestamp_test
