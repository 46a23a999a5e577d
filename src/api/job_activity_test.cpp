#include "api/job_activity.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace butler::api::job_activity_test {

namespace {

using domain::EventType;

Event event(EventType type) { return {.type = type}; }

Event tool(EventType type, std::string_view id, std::string_view summary = "") {
  return {.type = type, .data = json::Object{{"toolCallId", id}, {"toolName", "bash"}, {"summary", summary}}};
}

std::string after(std::vector<Event> events) { return activity(events); }

TEST(JobActivityTest, NothingIsKnownWithoutEvents) { EXPECT_EQ(after({}), ""); }

TEST(JobActivityTest, TheLatestEventTellsWhatIsDone) {
  EXPECT_EQ(after({event(EventType::job_created), event(EventType::job_started)}), "starts");
  EXPECT_EQ(after({event(EventType::job_started), event(EventType::agent_thinking_delta)}), "thinks");
  EXPECT_EQ(after({event(EventType::agent_text_delta), event(EventType::log)}), "writes the answer");
  EXPECT_EQ(after({event(EventType::agent_text_delta), event(EventType::job_requeued)}),
            "waits for another try");
}

TEST(JobActivityTest, AToolThatHasNotEndedIsWhatRuns) {
  EXPECT_EQ(after({tool(EventType::tool_start, "1", "make -j2\nmake test")}),
            "runs bash: make -j2 make test");
  EXPECT_EQ(after({tool(EventType::tool_start, "1")}), "runs the tool bash");
  EXPECT_EQ(after({tool(EventType::tool_start, "1", "one"), tool(EventType::tool_start, "2", "two"),
                   tool(EventType::tool_end, "2")}),
            "runs bash: one");
  EXPECT_EQ(after({tool(EventType::tool_start, "1", "one"), tool(EventType::tool_end, "1")}),
            "looks at what a tool has found");
}

TEST(JobActivityTest, AToolOfALostAttemptRunsNoMore) {
  EXPECT_EQ(after({tool(EventType::tool_start, "1", "one"), event(EventType::job_requeued)}),
            "waits for another try");
  EXPECT_EQ(after({tool(EventType::tool_start, "1", "one"), event(EventType::job_started)}), "starts");
}

}  // namespace

}  // namespace butler::api::job_activity_test
