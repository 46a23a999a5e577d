#include "gateway/flood_control.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace butler::gateway::flood_control_test {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Time = FloodControl::Time;

class FloodControlTest : public testing::Test {
 protected:
  milliseconds since_start() const { return std::chrono::duration_cast<milliseconds>(now - start); }

  /// Sends as soon as it may; returns when that was.
  milliseconds send(std::int64_t chat, Urgency urgency = Urgency::answer) {
    now += flood.wait(chat, urgency, now);
    flood.spend(chat, now);
    return since_start();
  }

  FloodControl flood{{.chat_interval = 1'000ms,
                      .group_interval = 3'000ms,
                      .group_messages = 19,
                      .group_window = 60'000ms,
                      .bot_calls = 25,
                      .bot_window = 1'000ms}};
  const Time start{100h};
  Time now = start;
};

TEST_F(FloodControlTest, ABurstGoesAtOnceAndTheRestOneByOne) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(send(1), 0ms);
  EXPECT_EQ(send(1), 1'000ms);
  EXPECT_EQ(send(1), 2'000ms);
}

TEST_F(FloodControlTest, GroupsAreSlowerAndTheirFirstMinuteIsNoException) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(send(-1), 0ms);
  for (int i = 1; i <= 15; ++i) EXPECT_EQ(send(-1), i * 3'000ms);
  EXPECT_EQ(send(-1), 60'000ms) << "the twentieth waits until the first is a minute old";
}

TEST_F(FloodControlTest, ChatsDoNotWaitForEachOther) {
  for (int i = 0; i < 5; ++i) send(1);
  EXPECT_EQ(flood.wait(2, Urgency::answer, now), 0ms);
}

TEST_F(FloodControlTest, RestGivesTheBurstBack) {
  for (int i = 0; i < 6; ++i) send(1);
  now += 10s;
  const auto rested = now;
  for (int i = 0; i < 4; ++i) send(1);
  EXPECT_EQ(now, rested);
}

TEST_F(FloodControlTest, EditsBeforeAStartThatNobodyNotedUseMostOfTheBurst) {
  send(1);
  now += 100ms;
  flood.remember_edits(1, now);
  EXPECT_EQ(send(1), 100ms);
  EXPECT_EQ(send(1), 1'100ms);
  EXPECT_EQ(send(1), 2'100ms);
  EXPECT_EQ(flood.wait(2, Urgency::answer, now), 0ms);
}

TEST_F(FloodControlTest, TheWholeBotLeavesRoomForWhatIsMoreUrgent) {
  std::int64_t chat = 0;
  const auto sent_at_once = [&](Urgency urgency) {
    int count = 0;
    while (flood.wait(++chat, urgency, now) == 0ms) {
      flood.spend(chat, now);
      ++count;
    }
    return count;
  };
  while (flood.take_ornament(++chat, now)) continue;
  EXPECT_EQ(sent_at_once(Urgency::ornament), 0);
  EXPECT_EQ(sent_at_once(Urgency::notice), 7);
  EXPECT_EQ(sent_at_once(Urgency::answer), 5);
  EXPECT_EQ(sent_at_once(Urgency::urgent), 3);
  EXPECT_EQ(flood.wait(++chat, Urgency::urgent, now), 1'000ms);
  now += 1s;
  EXPECT_EQ(flood.wait(chat, Urgency::urgent, now), 0ms);
}

TEST_F(FloodControlTest, WhatWasDecidedOneByOneDoesNotLeaveTogetherWithWhatIsDecidedLater) {
  for (int chat = 1; chat <= 20; ++chat) {
    ASSERT_EQ(flood.wait(chat, Urgency::answer, now), 0ms);
    flood.reserve(chat, now);
    now += 100ms;  // a slow disk: nothing has left yet
  }
  EXPECT_EQ(flood.wait(50, Urgency::answer, now), 0ms) << "22 answers may leave together";
  flood.reserve(21, now);
  flood.reserve(22, now);
  EXPECT_EQ(flood.wait(50, Urgency::answer, now), 1'000ms) << "the first was decided two seconds ago";
  for (int chat = 1; chat <= 22; ++chat) flood.departs(chat, now);
  EXPECT_EQ(flood.wait(50, Urgency::answer, now + 999ms), 1ms) << "counted from when they left";
  EXPECT_EQ(flood.wait(50, Urgency::answer, now + 1'000ms), 0ms);
}

TEST_F(FloodControlTest, AChatsMessageCountsFromWhenItLeaves) {
  for (int i = 0; i < 3; ++i) send(1);
  now += 10s;
  flood.reserve(1, now);
  now += 5s;
  flood.departs(1, now);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(flood.wait(1, Urgency::answer, now), 0ms);
    flood.spend(1, now);
  }
  EXPECT_EQ(flood.wait(1, Urgency::answer, now), 1'000ms);
}

TEST_F(FloodControlTest, AGroupsMinuteBeginsWhenTheMessageLeaves) {
  flood.reserve(-1, now);
  now += 5s;
  flood.departs(-1, now);
  const auto left = now;
  for (int i = 0; i < 18; ++i) send(-1);
  EXPECT_EQ(now + flood.wait(-1, Urgency::answer, now), left + 60s);
}

TEST_F(FloodControlTest, WhatWasTakenBackOrForgottenHoldsNobodyUp) {
  for (int chat = 1; chat <= 22; ++chat) flood.reserve(chat, now);
  EXPECT_GT(flood.wait(50, Urgency::answer, now), 0ms);
  flood.take_back(7);
  EXPECT_EQ(flood.wait(50, Urgency::answer, now), 0ms);
  flood.reserve(23, now);
  EXPECT_GT(flood.wait(50, Urgency::answer, now), 0ms);
  EXPECT_EQ(flood.wait(50, Urgency::answer, now + 10s), 0ms);
}

TEST_F(FloodControlTest, ARefusedChatIsLeftAloneAndOthersGoOn) {
  flood.refused(1, 7'500ms, now);
  EXPECT_EQ(flood.wait(1, Urgency::urgent, now), 7'500ms);
  EXPECT_FALSE(flood.take_ornament(1, now));
  EXPECT_EQ(flood.wait(2, Urgency::answer, now), 0ms);
  EXPECT_TRUE(flood.take_ornament(2, now));
}

TEST_F(FloodControlTest, AShorterRefusalDoesNotShortenALongerOne) {
  flood.refused(1, 30s, now);
  flood.refused(1, 1s, now);
  EXPECT_EQ(flood.wait(1, Urgency::answer, now), 30s);
}

TEST_F(FloodControlTest, TwoRefusedChatsAtOnceHoldTheWholeBot) {
  flood.refused(1, 3s, now);
  now += 1s;
  flood.refused(2, 5s, now);
  EXPECT_EQ(flood.wait(3, Urgency::urgent, now), 5s);
  EXPECT_FALSE(flood.take_ornament(3, now));
}

TEST_F(FloodControlTest, TwoRefusedChatsOneAfterTheOtherAreTwoChats) {
  flood.refused(1, 3s, now);
  now += 4s;
  flood.refused(2, 5s, now);
  EXPECT_EQ(flood.wait(3, Urgency::answer, now), 0ms);
}

TEST_F(FloodControlTest, ARefusedCallWithoutAChatHoldsTheWholeBot) {
  flood.refused(std::nullopt, 2s, now);
  EXPECT_EQ(flood.wait(1, Urgency::urgent, now), 2s);
}

TEST_F(FloodControlTest, ThousandsOfChatsAreForgottenAgain) {
  flood.refused(10'001, 24h, now);
  for (int chat = 1; chat <= 10'000; ++chat) {
    flood.spend(chat, now);
    now += 1s;
  }
  EXPECT_EQ(flood.wait(10'000, Urgency::answer, now), 0ms);
  EXPECT_GT(flood.wait(10'001, Urgency::answer, now), 0ms) << "but not one that Telegram refused";
}

/// What Telegram is known to take, on the strict side; written apart from the code under test.
class TelegramLimits {
 public:
  /// Counts a message that arrives; false when Telegram would answer 429.
  bool take(std::int64_t chat, Time at) {
    auto& history = chats_[chat];
    if (!bucket(history, at) || (chat < 0 && within(history, at, 60s) >= 20)) return false;
    if (within(all_, at, 1s) >= 30) return false;
    history.push_back(at);
    all_.push_back(at);
    return true;
  }

 private:
  static long within(const std::deque<Time>& times, Time at, std::chrono::seconds window) {
    return std::ranges::count_if(times, [&](Time time) { return time > at - window; });
  }
  /// Five at once, then one a second: replayed from the first message on.
  static bool bucket(const std::deque<Time>& times, Time at) {
    double tokens = 5;
    Time last = times.empty() ? at : times.front();
    const auto refill = [&](Time to) {
      tokens = std::min(5.0, tokens + std::chrono::duration<double>(to - last).count());
      last = to;
    };
    for (const Time time : times) {
      refill(time);
      tokens -= 1;
    }
    refill(at);
    return tokens >= 1;
  }

  std::map<std::int64_t, std::deque<Time>> chats_;
  std::deque<Time> all_;
};

TEST(FloodControlPropertyTest, WhateverIsSentAsSoonAsItMayTelegramNeverRefusesIt) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    std::mt19937 random(seed);
    FloodControl flood;
    TelegramLimits telegram;
    Time now{100h};
    const int chats = seed % 3 == 0 ? 60 : 3;
    for (int i = 0; i < 400; ++i) {
      const std::int64_t chat =
          static_cast<std::int64_t>(random() % static_cast<unsigned>(chats)) - chats / 2;
      const auto urgency = static_cast<Urgency>(random() % 3);
      if (random() % 40 == 0) now += milliseconds{random() % 20'000};
      if (const auto wait = flood.wait(chat, urgency, now); wait > 0ms) {
        if (random() % 2 == 0) continue;  // somebody else first
        now += wait;
      }
      flood.spend(chat, now);
      const milliseconds on_its_way{random() % 40};
      ASSERT_TRUE(telegram.take(chat, now + on_its_way)) << "seed " << seed << ", message " << i;
    }
  }
}

TEST_F(FloodControlTest, APreviewLeavesRoomInItsChatForWhatIsMoreUrgent) {
  EXPECT_TRUE(flood.take_preview(1, now));
  EXPECT_TRUE(flood.take_preview(1, now));
  EXPECT_FALSE(flood.take_preview(1, now)) << "two messages more may go at once";
  EXPECT_EQ(flood.wait(1, Urgency::answer, now), 0ms);
  EXPECT_TRUE(flood.take_preview(1, now + 1'000ms));
}

TEST_F(FloodControlTest, PreviewsNeverFillAGroupsMinute) {
  for (int i = 0; i < 13; ++i) {
    EXPECT_TRUE(flood.take_preview(-1, now));
    now += 4'000ms;
  }
  EXPECT_FALSE(flood.take_preview(-1, now)) << "six of nineteen are kept free";
  EXPECT_EQ(flood.wait(-1, Urgency::answer, now), 0ms);
}

TEST_F(FloodControlTest, PreviewsGiveWayToWhatTheWholeBotSends) {
  for (int i = 0; i < 10; ++i) flood.spend(100 + i, now);
  EXPECT_FALSE(flood.take_preview(1, now));
  EXPECT_FALSE(flood.take_draft(1, now));
}

TEST_F(FloodControlTest, DraftsHaveABudgetOfTheirOwn) {
  for (int i = 0; i < 4; ++i) flood.spend(1, now);
  EXPECT_TRUE(flood.take_draft(1, now)) << "they are no messages";
  EXPECT_TRUE(flood.take_draft(1, now));
  EXPECT_FALSE(flood.take_draft(1, now));
  EXPECT_TRUE(flood.take_draft(1, now + 1'000ms));
}

TEST_F(FloodControlTest, NoMessageWaitsForARefusedDraft) {
  flood.draft_refused(1, 300'000ms, now);
  EXPECT_FALSE(flood.take_draft(1, now + 59'999ms));
  EXPECT_EQ(flood.wait(1, Urgency::answer, now), 0ms);
  EXPECT_TRUE(flood.take_preview(1, now));
  EXPECT_TRUE(flood.take_draft(1, now + 60'000ms)) << "a minute at most";
}

TEST_F(FloodControlTest, ARefusedMessageHoldsTheDraftsOfItsChatToo) {
  flood.refused(1, 5'000ms, now);
  EXPECT_FALSE(flood.take_draft(1, now + 4'999ms));
  EXPECT_FALSE(flood.take_preview(1, now + 4'999ms));
  EXPECT_TRUE(flood.take_draft(1, now + 5'000ms));
}

}  // namespace

}  // namespace butler::gateway::flood_control_test
