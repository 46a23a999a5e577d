#include "gateway/live_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/utf8.hpp"

namespace butler::gateway::live_text_test {

namespace {

using namespace std::chrono_literals;
using domain::EventType;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr LiveView status_view{.surface = Surface::draft};
constexpr LiveView answer_view{.surface = Surface::draft, .answer = true};

api::Event event_of_agent(EventType type, json::Object data = {}) {
  return {.type = type, .data = std::move(data)};
}

LiveProgress progress_of(const std::vector<api::Event>& events) {
  LiveProgress progress;
  for (const auto& one : events) progress.add(one);
  return progress;
}

api::Event tool_begins(std::string_view id, std::string_view summary) {
  return event_of_agent(EventType::tool_start,
                        {{"toolCallId", id}, {"toolName", "bash"}, {"summary", summary}});
}
api::Event tool_is_over(std::string_view id) {
  return event_of_agent(EventType::tool_end, {{"toolCallId", id}, {"toolName", "bash"}});
}
api::Event writes(std::string_view text) {
  return event_of_agent(EventType::agent_text_delta, {{"delta", text}});
}

std::string line_of(const std::vector<api::Event>& events, const LiveSituation& situation = {}) {
  return live_content(wording::Language::en, progress_of(events), situation, status_view, 5s).part.text;
}

TEST(LiveText, SaysWhatTheAgentDoes) {
  struct Row {
    std::vector<api::Event> events;
    std::string line;
  };
  for (const Row& row : {
           Row{{}, "Thinking…"},
           Row{{event_of_agent(EventType::agent_thinking_delta)}, "Thinking…"},
           Row{{tool_begins("1", "ls -la")}, "bash: ls -la"},
           Row{{tool_begins("1", "ls"), tool_begins("2", "make")}, "bash: make"},
           Row{{tool_begins("1", "ls"), tool_begins("2", "make"), tool_is_over("2")}, "bash: ls"},
           Row{{tool_begins("1", "ls"), tool_is_over("1")}, "Thinking…"},
           Row{{tool_begins("1", "ls"), tool_is_over("1"), writes("It")}, "Writing the answer…"},
           Row{{writes("It"), event_of_agent(EventType::job_requeued)}, "Waiting for another try…"},
           Row{{event_of_agent(EventType::job_requeued), event_of_agent(EventType::job_started)},
               "Thinking…"},
       }) {
    EXPECT_EQ(line_of(row.events), row.line);
  }
}

TEST(LiveText, AWaitForADecisionAndAStopComeBeforeTheRest) {
  EXPECT_EQ(line_of({tool_begins("1", "rm x")}, {.deciding = true}), "Waiting for a decision…");
  EXPECT_EQ(line_of({tool_begins("1", "rm x")}, {.deciding = true, .stopping = true}), "Stopping…");
}

TEST(LiveText, SaysHowLongAndWhatItHasTaken) {
  const auto usage = event_of_agent(EventType::usage, {{"inputTokens", 12'000},
                                                       {"outputTokens", 400},
                                                       {"cacheReadTokens", 0},
                                                       {"cacheWriteTokens", 0},
                                                       {"costUsd", 0.0213}});
  EXPECT_EQ(line_of({usage}, {.running = 14s}), "Thinking… · 10 s · 12.4k tokens · $0.0213");
  EXPECT_EQ(line_of({}, {.running = 4s}), "Thinking…");
  EXPECT_EQ(line_of({}, {.running = 127s}), "Thinking… · 2:05 min");
}

TEST(LiveText, AnArgumentHidesNothingAndIsOneLine) {
  EXPECT_EQ(line_of({tool_begins("1", "a\nb\u202Ec")}), "bash: a b⟨U+202E⟩c");
  EXPECT_LE(domain::count_code_points(line_of({tool_begins("1", std::string(500, 'x'))})), 100U);
}

TEST(LiveText, TheStatusShowsNothingOfTheAnswer) {
  EXPECT_EQ(line_of({writes("secret plans")}), "Writing the answer…");
}

TEST(LiveText, TheAnswerIsRenderedAndGrowsAtItsEnd) {
  const auto shown = [](const std::string& text) {
    return live_content(wording::Language::en, progress_of({writes(text)}), {}, answer_view, 5s).part;
  };
  const auto first = shown("**Bold** and `co");
  EXPECT_THAT(first.text, StartsWith("Bold and"));
  EXPECT_THAT(first.text, Not(HasSubstr("**")));
  EXPECT_THAT(shown("**Bold** and `code` and more").text, StartsWith("Bold and"));
}

TEST(LiveText, ALongAnswerShowsItsEnd) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "This is the sentence with the number " + std::to_string(i) + ".\n\n";
  const auto part =
      live_content(wording::Language::en, progress_of({writes(text)}), {}, answer_view, 5s).part;
  EXPECT_LE(domain::count_utf16_units(part.text), 3'500U);
  EXPECT_THAT(part.text, EndsWith("number 399."));
}

TEST(LiveText, WhatIsDoneStandsBelowTheAnswer) {
  const auto part =
      live_content(wording::Language::en, progress_of({writes("Let me see."), tool_begins("1", "ls")}),
                   {.running = 7s}, answer_view, 5s)
          .part;
  EXPECT_EQ(part.text, "Let me see.\n\nbash: ls · 5 s");
  ASSERT_EQ(part.entities.size(), 1U);
  EXPECT_EQ(part.entities[0], (render::Entity{.type = "italic", .offset = 13, .length = 14}));
}

TEST(LiveText, WhatIsWrittenAfterAToolBeginsAnew) {
  const auto progress =
      progress_of({writes("Let me see."), tool_begins("1", "ls"), tool_is_over("1"), writes("Done.")});
  EXPECT_EQ(progress.text(), "Done.");
}

TEST(LiveText, OfAVeryLongAnswerOnlyTheEndIsKept) {
  LiveProgress progress;
  const std::string line = std::string(998, 'x') + "ä\n";
  for (int i = 0; i < 500; ++i) progress.add(writes(line));
  progress.add(writes("The end."));
  EXPECT_LE(progress.text().size(), std::size_t{70'000});
  EXPECT_GE(progress.text().size(), std::size_t{30'000});
  EXPECT_THAT(progress.text(), StartsWith("xxx"));
  EXPECT_THAT(progress.text(), EndsWith("ä\nThe end."));
}

}  // namespace

}  // namespace butler::gateway::live_text_test
