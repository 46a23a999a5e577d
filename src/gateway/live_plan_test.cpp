#include "gateway/live_plan.hpp"

#include <gtest/gtest.h>

namespace butler::gateway::live_plan_test {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Time = LiveShown::Time;

constexpr LiveRules rules{};
const Time start{1h};

LiveShown draft_shown(milliseconds tried_after = 3s) {
  return {.view = {.surface = Surface::draft},
          .began = start,
          .there = true,
          .tried = start + tried_after,
          .content = {.status = "Thinking…", .part = {.text = "Thinking…"}}};
}

LiveShown message_shown(bool private_chat, int edits = 0) {
  auto shown = draft_shown(6s);
  shown.view.surface = Surface::message;
  shown.private_chat = private_chat;
  shown.edits = edits;
  return shown;
}

LiveContent content_with(std::string status, std::string text = {}) {
  return {.status = std::move(status), .part = {.text = std::move(text)}};
}

TEST(LivePlan, AModeLooksAsTheChatAllows) {
  struct Row {
    LiveMode mode;
    bool private_chat;
    bool latched;
    LiveView view;
  };
  const LiveView nothing{};
  const LiveView status_message{.surface = Surface::message};
  const LiveView answer_message{.surface = Surface::message, .answer = true};
  for (const Row& row : {
           Row{LiveMode::off, true, false, nothing},
           Row{LiveMode::off, false, false, nothing},
           Row{LiveMode::status, true, false, {.surface = Surface::draft}},
           Row{LiveMode::status, true, true, nothing},  // never edits in the place of drafts
           Row{LiveMode::status, false, false, status_message},
           Row{LiveMode::status, false, true, status_message},
           Row{LiveMode::draft, true, false, {.surface = Surface::draft, .answer = true}},
           Row{LiveMode::draft, true, true, nothing},
           Row{LiveMode::draft, false, false, status_message},
           Row{LiveMode::edit, true, false, answer_message},
           Row{LiveMode::edit, true, true, answer_message},
           Row{LiveMode::edit, false, false, answer_message},
       }) {
    EXPECT_EQ(live_view(row.mode, row.private_chat, row.latched), row.view)
        << static_cast<int>(row.mode) << row.private_chat << row.latched;
  }
}

TEST(LivePlan, NothingIsShownBeforeAnAnswerCouldBeThere) {
  LiveShown shown{.view = {.surface = Surface::draft}, .began = start};
  EXPECT_EQ(may_show_at(shown, rules), start + 2'500ms);
  shown.view.surface = Surface::message;
  EXPECT_EQ(may_show_at(shown, rules), start + 2'500ms);
  shown.private_chat = false;
  EXPECT_EQ(may_show_at(shown, rules), start + 5s);
}

TEST(LivePlan, NothingIsShownWhereNothingIsWantedOrAfterAStop) {
  EXPECT_EQ(may_show_at({.began = start}, rules), std::nullopt);
  LiveShown stopped = draft_shown();
  stopped.off = true;
  EXPECT_EQ(may_show_at(stopped, rules), std::nullopt);
  EXPECT_EQ(look_again_at(stopped, start + 10s, rules), std::nullopt);
}

TEST(LivePlan, TwoAreAsFarApartAsThePolicySays) {
  struct Row {
    LiveShown shown;
    milliseconds apart;
  };
  for (const Row& row : {
           Row{draft_shown(), 1'000ms},
           Row{message_shown(true), 1'500ms},
           Row{message_shown(true, 19), 1'500ms},
           Row{message_shown(true, 20), 5'000ms},
           Row{message_shown(false), 4'000ms},
           Row{message_shown(false, 20), 5'000ms},
           Row{message_shown(false, 59), 5'000ms},
       }) {
    EXPECT_EQ(may_show_at(row.shown, rules), row.shown.tried + row.apart) << row.shown.edits;
  }
}

TEST(LivePlan, TheTimeBetweenTwoIsSpreadUpwardsOnly) {
  LiveShown shown = message_shown(false);
  shown.jitter = 0.999;
  EXPECT_EQ(may_show_at(shown, rules), shown.tried + 4'400ms);
  shown.jitter = 0.5;
  EXPECT_EQ(may_show_at(shown, rules), shown.tried + 4'200ms);
}

TEST(LivePlan, SixtyEditsOfOneMessageAreEnough) {
  EXPECT_TRUE(may_show_at(message_shown(true, 59), rules));
  EXPECT_EQ(may_show_at(message_shown(true, 60), rules), std::nullopt);
}

TEST(LivePlan, AChangedStatusIsWorthShowing) {
  const LiveShown shown = draft_shown();
  EXPECT_FALSE(is_worth_showing(shown, content_with("Thinking…"), start + 4s, rules));
  EXPECT_TRUE(is_worth_showing(shown, content_with("bash: ls"), start + 4s, rules));
}

TEST(LivePlan, ATextIsWorthShowingWhenTwentyCharactersOfItChanged) {
  LiveShown shown = draft_shown();
  shown.view.answer = true;
  shown.content = content_with("Writing", "The answer");
  const auto worth = [&](const std::string& text) {
    return is_worth_showing(shown, content_with("Writing", text), start + 4s, rules);
  };
  EXPECT_FALSE(worth("The answer" + std::string(19, 'x')));
  EXPECT_TRUE(worth("The answer" + std::string(20, 'x')));
  EXPECT_FALSE(worth("The answeräöüßäöüßäöüßäöüßäöü")) << "characters count, not bytes";
  shown.view.answer = false;
  EXPECT_FALSE(worth("The answer" + std::string(200, 'x'))) << "only the status is shown there";
}

TEST(LivePlan, ADraftIsRenewedAfterTwentySecondsAndAMessageNever) {
  const LiveContent same = content_with("Thinking…");
  EXPECT_FALSE(is_worth_showing(draft_shown(), same, start + 3s + 19'999ms, rules));
  EXPECT_TRUE(is_worth_showing(draft_shown(), same, start + 3s + 20s, rules));
  EXPECT_FALSE(is_worth_showing(message_shown(true), same, start + 10min, rules));
}

TEST(LivePlan, ADraftThatAMessageHasDismissedIsShownAgain) {
  LiveShown shown = draft_shown();
  shown.there = false;
  EXPECT_TRUE(is_worth_showing(shown, shown.content, start + 4s, rules));
  EXPECT_EQ(may_show_at(shown, rules), start + 4s) << "no sooner than any other change";
}

TEST(LivePlan, ItIsLookedAtAgainWhenTheSecondsMove) {
  EXPECT_EQ(look_again_at(draft_shown(), start + 3'200ms, rules), start + 4s) << "nothing may be sent before";
  EXPECT_EQ(look_again_at(draft_shown(), start + 7s, rules), start + 10s);
  EXPECT_EQ(look_again_at(message_shown(false), start + 16s, rules), start + 30s);
  EXPECT_EQ(look_again_at(message_shown(false), start + 61s, rules), start + 120s)
      << "coarser after a minute";
  const auto far = look_again_at(draft_shown(3s), start + 22'500ms, rules);
  EXPECT_EQ(far, start + 23s) << "before it fades";
}

TEST(LivePlan, ThreeFailuresInARowEndItForTheTurn) {
  LiveShown shown = draft_shown();
  EXPECT_FALSE(note_outcome(shown, LiveOutcome::failed, rules));
  note_outcome(shown, LiveOutcome::failed, rules);
  EXPECT_FALSE(shown.off);
  note_outcome(shown, LiveOutcome::shown, rules);
  note_outcome(shown, LiveOutcome::failed, rules);
  note_outcome(shown, LiveOutcome::failed, rules);
  EXPECT_FALSE(shown.off) << "not in a row";
  note_outcome(shown, LiveOutcome::failed, rules);
  EXPECT_TRUE(shown.off);
}

TEST(LivePlan, ARefusedDraftIsRememberedAndARefusedEditIsNot) {
  LiveShown draft = draft_shown();
  EXPECT_TRUE(note_outcome(draft, LiveOutcome::refused, rules));
  EXPECT_TRUE(draft.off);
  LiveShown message = message_shown(true);
  EXPECT_FALSE(note_outcome(message, LiveOutcome::refused, rules));
  EXPECT_TRUE(message.off);
  EXPECT_EQ(rules.latch, 24h);
}

TEST(LivePlan, WhatCannotGoOnEndsItForTheTurn) {
  for (const auto outcome : {LiveOutcome::flooded, LiveOutcome::unknown_send, LiveOutcome::hopeless}) {
    LiveShown shown = draft_shown();
    EXPECT_FALSE(note_outcome(shown, outcome, rules));
    EXPECT_TRUE(shown.off);
  }
}

TEST(LivePlan, ADraftThatWasDismissedWhileItWasSentIsNotThere) {
  LiveShown shown = draft_shown();
  shown.there = false;
  EXPECT_FALSE(note_outcome(shown, LiveOutcome::dismissed, rules));
  EXPECT_FALSE(shown.there);
  EXPECT_FALSE(shown.off);
}

}  // namespace

}  // namespace butler::gateway::live_plan_test
