#include "domain/job_id.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace butler::domain::job_id_test {
namespace {

using namespace std::chrono_literals;
using Random = std::array<std::uint8_t, 10>;

constexpr Timestamp now{0x0123'4567'89ABms};
constexpr Random zeros{};
constexpr Random ones{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

TEST(JobId, IsAUuidOfVersion7WithItsTimeInFront) {
  for (const Random& random : {zeros, ones}) {
    JobIdSequence sequence;
    const std::string id = sequence.next(now, random);

    EXPECT_TRUE(is_uuid(id)) << id;
    EXPECT_EQ(id.substr(0, 13), "01234567-89ab");
    EXPECT_EQ(id[14], '7') << id;
    EXPECT_TRUE(id[19] >= '8' && id[19] <= 'b') << id;
  }
}

TEST(JobId, SortsInTheOrderOfItsMakingWhateverTheClockAndTheRandomBytesDo) {
  JobIdSequence sequence;
  std::vector<std::string> ids;
  ids.reserve(11'000);
  for (int i = 0; i < 10'000; ++i) ids.push_back(sequence.next(now, i % 2 == 0 ? ones : zeros));
  for (int i = 0; i < 100; ++i) ids.push_back(sequence.next(now - 1h, ones));
  ids.push_back(sequence.next(now + 1h, zeros));
  ids.push_back(sequence.next(now + 1h, zeros));

  EXPECT_TRUE(std::ranges::is_sorted(ids));
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
}

TEST(JobId, GoesOnBehindWhatAnotherProcessHasMade) {
  JobIdSequence ahead;
  JobIdSequence behind;
  for (int i = 0; i < 5'000; ++i) {
    const auto last = ahead.next(now + 1h, i % 2 == 0 ? ones : zeros);
    behind.go_on_after(last);
    EXPECT_LT(last, behind.next(now, zeros));
  }
  const auto before = behind.next(now, zeros);
  for (const auto* text : {"", "01234567-89ab-4cde-8f01-23456789abcd", "ffffffff-ffff-1fff-8fff-ffffffffffff",
                           "x", "00000000-0000-7000-8000-000000000000"}) {
    behind.go_on_after(text);
  }
  const auto after = behind.next(now, zeros);
  EXPECT_LT(before, after);
  EXPECT_EQ(before.substr(0, 13), after.substr(0, 13));
}

TEST(JobId, TwoProcessesDifferByTheirRandomBytes) {
  JobIdSequence one;
  JobIdSequence other;

  EXPECT_NE(one.next(now, zeros), other.next(now, ones));
}

TEST(JobId, OnlyTheExactFormOfAUuidIsOne) {
  EXPECT_TRUE(is_uuid("01234567-89ab-7cde-8f01-23456789abcd"));
  for (const char* text :
       {"", "01234567-89ab-7cde-8f01-23456789abc", "01234567-89ab-7cde-8f01-23456789abcde",
        "01234567-89AB-7cde-8f01-23456789abcd", "0123456789ab-7cde-8f01-23456789abcd-",
        "01234567-89ab-7cde-8f01-23456789abcg", "__proto__", "../../../../../../../../../../etc/x"}) {
    EXPECT_FALSE(is_uuid(text)) << text;
  }
}

TEST(JobId, PeopleSeeSixDigitsOfItsRandomPart) {
  EXPECT_EQ(short_job_id("01234567-89ab-7cde-8f01-23456789abcd"), "234567");
  EXPECT_EQ(short_job_id("foreign"), "foreign");
}

TEST(JobId, IsFoundByTheBeginOfItsRandomPartOrOfTheWhole) {
  constexpr auto id = "01234567-89ab-7cde-8f01-a3456789abcd";

  EXPECT_TRUE(matches_short_job_id(id, "a34567"));
  EXPECT_TRUE(matches_short_job_id(id, "A34567"));
  EXPECT_TRUE(matches_short_job_id(id, "a"));
  EXPECT_TRUE(matches_short_job_id(id, "01234567-89ab"));
  EXPECT_TRUE(matches_short_job_id(id, id));
  EXPECT_FALSE(matches_short_job_id(id, ""));
  EXPECT_FALSE(matches_short_job_id(id, "b34567"));
  EXPECT_FALSE(matches_short_job_id(id, "34567"));
  EXPECT_FALSE(matches_short_job_id(id, "01234567-89ab-7cde-8f01-a3456789abcd0"));
}

}  // namespace
}  // namespace butler::domain::job_id_test
