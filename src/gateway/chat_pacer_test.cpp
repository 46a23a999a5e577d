#include "gateway/chat_pacer.hpp"

#include <gtest/gtest.h>

namespace butler::gateway {

namespace {

using namespace std::chrono_literals;

class ChatPacerTest : public testing::Test {
 protected:
  /// Sends as soon as it may; returns when that was.
  std::chrono::milliseconds send(std::int64_t chat) {
    now += pacer.wait(chat, now);
    pacer.spend(chat, now);
    return std::chrono::duration_cast<std::chrono::milliseconds>(now - start);
  }

  ChatPacer pacer{{.burst = 4, .private_interval = 1'000ms, .group_interval = 3'000ms}};
  const ChatPacer::Time start{100h};
  ChatPacer::Time now = start;
};

TEST_F(ChatPacerTest, ABurstGoesAtOnceAndTheRestOneByOne) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(send(1), 0ms);
  EXPECT_EQ(send(1), 1'000ms);
  EXPECT_EQ(send(1), 2'000ms);
}

TEST_F(ChatPacerTest, GroupsAreSlower) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(send(-1), 0ms);
  EXPECT_EQ(send(-1), 3'000ms);
}

TEST_F(ChatPacerTest, ChatsDoNotWaitForEachOther) {
  for (int i = 0; i < 5; ++i) send(1);
  EXPECT_EQ(pacer.wait(2, now), 0ms);
}

TEST_F(ChatPacerTest, RestGivesTheBurstBack) {
  for (int i = 0; i < 6; ++i) send(1);
  now += 10s;
  const auto rested = now;
  for (int i = 0; i < 4; ++i) send(1);
  EXPECT_EQ(now, rested);
}

TEST_F(ChatPacerTest, ThousandsOfChatsAreForgottenAgain) {
  for (int chat = 1; chat <= 10'000; ++chat) {
    pacer.spend(chat, now);
    now += 1s;
  }
  EXPECT_EQ(pacer.wait(10'000, now), 0ms);
}

}  // namespace

}  // namespace butler::gateway
