#include "worker/pi_turn.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <ranges>
#include <span>

#include "domain/embedded_file.hpp"
#include "worker/events.hpp"

namespace butler::worker {
std::span<const domain::EmbeddedFile> pi_transcripts();
}

namespace butler::worker::pi {
namespace {

using namespace std::chrono_literals;
using domain::EventType;
using testing::ElementsAre;
using testing::HasSubstr;
using Kind = Outcome::Kind;

enum class IsError : std::uint8_t { no, yes };

/// A turn that is fed and remembers what it reports.
class TurnTest : public testing::Test {
 protected:
  void feed(const Record& record) { keep(turn.take(record, now)); }
  void keep(Turn::Events more) {
    for (auto& event : more) events.push_back(std::move(event));
  }
  /// pi names a call, and the gate lets it start.
  void start_tool(const std::string& id, json::Value input = {}) {
    feed(ToolStart{.id = id, .name = "bash", .arguments = input});
    keep(turn.begin_call({.id = id, .tool_name = "bash", .input = std::move(input)}));
  }
  void end_tool(const std::string& id, IsError is_error = IsError::no) {
    feed(ToolEnd{.id = id, .name = "bash", .output = "", .is_error = is_error == IsError::yes});
  }
  void begin() {
    feed(Response{.id = "p1", .command = "prompt", .success = true, .error = {}});
    feed(AgentStart{});
    feed(TurnStart{});
  }
  void answer(const std::string& text, const std::string& reason = "stop", const std::string& error = "") {
    feed(AssistantMessage{.text = text, .stop_reason = reason, .error = error, .usage = {}});
  }
  /// Plays one of the recorded transcripts.
  void play(std::string_view name) {
    const auto files = pi_transcripts();
    const auto file = std::ranges::find(files, std::string{name} + ".jsonl", &domain::EmbeddedFile::name);
    ASSERT_NE(file, files.end()) << name;
    for (const auto line : std::views::split(file->content, '\n')) {
      const std::string_view text{line.begin(), line.end()};
      if (text.empty()) continue;
      const auto record = read_record(text);
      ASSERT_TRUE(record) << record.error();
      feed(*record);
      // They were recorded without Butler's gate, which would have let the call start now.
      const auto* call = std::get_if<ToolStart>(&*record);
      if (call == nullptr || name == "denied" || name == "abort_in_dialog") continue;
      keep(turn.begin_call({.id = call->id, .tool_name = call->name, .input = call->arguments}));
    }
  }
  std::string text() const {
    std::string all;
    for (const auto& event : events) {
      if (event.type == EventType::agent_text_delta) all += delta_of(event)->get_string();
    }
    return all;
  }
  std::vector<EventType> types() const {
    std::vector<EventType> all;
    for (const auto& event : events) {
      if (delta_of(event) == nullptr && event.type != EventType::usage) all.push_back(event.type);
    }
    return all;
  }
  std::string data(EventType type) const {
    const auto event = std::ranges::find(events, type, &api::ReportedEvent::type);
    return event == events.end() || !event->data ? "" : json::serialize(*event->data);
  }

  Turn turn{"p1"};
  Turn::Clock::time_point now{};
  std::vector<api::ReportedEvent> events;
};

// What the pinned pi has really said.

TEST_F(TurnTest, ARecordedAnswerIsCompletedWithItsText) {
  play("prompt");
  ASSERT_TRUE(turn.outcome());
  EXPECT_EQ(turn.outcome()->kind, Kind::completed);
  EXPECT_EQ(turn.outcome()->text, "Hello! I am the scripted model, in a few streamed chunks.");
  EXPECT_EQ(text(), turn.outcome()->text);
  EXPECT_GT(turn.outcome()->usage->input_tokens, 0);
}

TEST_F(TurnTest, ARecordedToolCallIsReportedAndTheLastMessageIsTheAnswer) {
  play("tool_call");
  ASSERT_TRUE(turn.outcome());
  EXPECT_EQ(turn.outcome()->text, "The file is written.");
  EXPECT_THAT(types(), ElementsAre(EventType::tool_start, EventType::tool_update, EventType::tool_end));
  EXPECT_THAT(data(EventType::tool_start),
              HasSubstr(R"("summary":"echo 42 > answer.txt && cat answer.txt")"));
  EXPECT_THAT(data(EventType::tool_end), HasSubstr(R"("isError":false)"));
}

TEST_F(TurnTest, ARecordedFailingToolIsNoFailedJob) {
  play("failing_tool");
  EXPECT_EQ(turn.outcome()->kind, Kind::completed);
  EXPECT_THAT(data(EventType::tool_end), HasSubstr("Command exited with code 3"));
  EXPECT_THAT(data(EventType::tool_end), HasSubstr(R"("isError":true)"));
}

TEST_F(TurnTest, ARecordedRefusalOfTheProviderIsAFailureWithItsText) {
  play("refused");
  ASSERT_TRUE(turn.outcome());
  EXPECT_EQ(turn.outcome()->kind, Kind::failed);
  EXPECT_THAT(turn.outcome()->text, HasSubstr("bad key"));
}

TEST_F(TurnTest, ARecordedFailureAfterRetriesIsAFailureAndTheRetryIsLogged) {
  play("failing_provider");
  ASSERT_TRUE(turn.outcome());
  EXPECT_EQ(turn.outcome()->kind, Kind::failed);
  EXPECT_THAT(turn.outcome()->text, HasSubstr("upstream exploded"));
  EXPECT_THAT(types(), ElementsAre(EventType::log));
}

TEST_F(TurnTest, RecordedAbortsAreAborted) {
  for (const std::string_view name : {"abort_in_stream", "abort_in_tool", "abort_in_dialog"}) {
    turn = Turn{"p1"};
    turn.expect_abort();
    play(name);
    ASSERT_TRUE(turn.outcome()) << name;
    EXPECT_EQ(turn.outcome()->kind, Kind::aborted) << name;
  }
}

TEST_F(TurnTest, ARecordedAbortThatNobodyAskedForIsAFailure) {
  play("abort_in_stream");
  EXPECT_EQ(turn.outcome()->kind, Kind::failed);
}

TEST_F(TurnTest, ARecordedSteeredRunEndsOnceWithItsLastAnswer) {
  play("steer");
  EXPECT_EQ(turn.outcome()->kind, Kind::completed);
  EXPECT_EQ(turn.outcome()->text, "Steered.");
}

TEST_F(TurnTest, RecordedGateDecisionsLeadToAnswers) {
  play("approved");
  EXPECT_EQ(turn.outcome()->text, "Done.");
  turn = Turn{"p1"};
  play("denied");
  EXPECT_EQ(turn.outcome()->text, "I may not.");
}

// What else pi may say.

TEST_F(TurnTest, ASettledBeforeTheFirstTurnIsNotTheEnd) {
  feed(AgentSettled{});
  feed(AgentStart{});
  feed(AgentSettled{});
  EXPECT_FALSE(turn.outcome());
  feed(TurnStart{});
  answer("here");
  feed(AgentSettled{});
  EXPECT_EQ(turn.outcome()->text, "here");
}

TEST_F(TurnTest, RecordsAfterTheEndDoNothing) {
  begin();
  answer("first");
  feed(AgentSettled{});
  const auto before = events.size();
  feed(TextDelta{"late"});
  answer("late");
  feed(AgentSettled{.aborted = true});
  EXPECT_EQ(turn.outcome()->text, "first");
  EXPECT_EQ(events.size(), before);
}

TEST_F(TurnTest, ARefusedPromptIsAFailureWithPisWords) {
  feed(Response{.id = "p1", .command = "prompt", .success = false, .error = "No API key found for mock"});
  EXPECT_EQ(turn.outcome()->kind, Kind::failed);
  EXPECT_EQ(turn.outcome()->text, "No API key found for mock");
  EXPECT_FALSE(turn.has_run());
}

TEST_F(TurnTest, ResponsesToOtherCommandsDoNotEndIt) {
  feed(Response{.id = "steer", .command = "steer", .success = false, .error = "no"});
  feed(Response{.id = "", .command = "parse", .success = false, .error = "no"});
  EXPECT_FALSE(turn.outcome());
}

TEST_F(TurnTest, AnEarlierRunsMessageIsNotTheAnswer) {
  answer("of the run before");
  begin();
  feed(AgentSettled{});
  EXPECT_EQ(turn.outcome()->kind, Kind::failed);
  EXPECT_EQ(turn.outcome()->text, "the model ended its turn without an answer");
}

TEST_F(TurnTest, AnErrorAfterAnAnswerOfTheSameRunIsAFailure) {
  begin();
  answer("I'll look.", "toolUse");
  answer("", "error", "401: bad key");
  feed(AgentSettled{});
  EXPECT_EQ(turn.outcome()->kind, Kind::failed);
  EXPECT_EQ(turn.outcome()->text, "401: bad key");
}

TEST_F(TurnTest, AnErrorThatARetryMendsIsNone) {
  begin();
  answer("", "error", "503");
  feed(RetryStart{.attempt = 1, .most = 3, .error = "503"});
  feed(AgentStart{});
  feed(TurnStart{});
  answer("now it works");
  feed(AgentSettled{});
  EXPECT_EQ(turn.outcome()->kind, Kind::completed);
  EXPECT_EQ(turn.outcome()->text, "now it works");
}

TEST_F(TurnTest, AnAnswerThatWasCutByItsLengthIsAnAnswer) {
  begin();
  answer("very long", "length");
  feed(AgentSettled{});
  EXPECT_EQ(turn.outcome()->kind, Kind::completed);
}

TEST_F(TurnTest, AnEmptyLastMessageLeavesTheTextBeforeIt) {
  begin();
  answer("The work is done.", "toolUse");
  answer(" \n", "stop");
  feed(AgentSettled{});
  EXPECT_EQ(turn.outcome()->text, "The work is done.");
}

TEST_F(TurnTest, AnAbortThatComesTooLateChangesNothing) {
  begin();
  answer("finished");
  turn.expect_abort();
  feed(AgentSettled{.aborted = false});
  EXPECT_EQ(turn.outcome()->kind, Kind::completed);
}

TEST_F(TurnTest, AnAbortBeforeTheFirstTurnIsAborted) {
  feed(AgentStart{});
  turn.expect_abort();
  feed(AgentSettled{.aborted = true});
  EXPECT_EQ(turn.outcome()->kind, Kind::aborted);
}

TEST_F(TurnTest, UsageIsSummedOverTheRun) {
  begin();
  const domain::Usage usage{.input_tokens = 10, .output_tokens = 2, .cost_usd = 0.25};
  feed(AssistantMessage{.text = "a", .stop_reason = "toolUse", .error = {}, .usage = usage});
  feed(AssistantMessage{.text = "b", .stop_reason = "stop", .error = {}, .usage = usage});
  feed(AgentSettled{});
  EXPECT_EQ(turn.outcome()->usage->input_tokens, 20);
  EXPECT_EQ(turn.outcome()->usage->cost_usd, 0.5);
  EXPECT_EQ(json::find_integer(*events.back().data, "outputTokens"), 4);
}

TEST_F(TurnTest, MessagesOfOneRunAreSeparatedInTheStream) {
  begin();
  feed(TextDelta{"One."});
  answer("One.", "toolUse");
  feed(TextDelta{"Tw"});
  feed(TextDelta{"o."});
  EXPECT_EQ(text(), "One.\n\nTwo.");
}

TEST_F(TurnTest, ToolOutputIsThrottledAndOnlyWhatIsNewIsReported) {
  begin();
  start_tool("c1");
  EXPECT_TRUE(turn.tool_running());
  feed(ToolUpdate{.id = "c1", .name = "bash", .output = ""});
  feed(ToolUpdate{.id = "c1", .name = "bash", .output = "a\n"});
  now += 100ms;
  feed(ToolUpdate{.id = "c1", .name = "bash", .output = "a\nb\n"});
  now += 1s;
  feed(ToolUpdate{.id = "c1", .name = "bash", .output = "a\nb\nc\n"});
  feed(ToolEnd{.id = "c1", .name = "bash", .output = "a\nb\nc\n", .is_error = false});

  ASSERT_THAT(types(), ElementsAre(EventType::tool_start, EventType::tool_update, EventType::tool_update,
                                   EventType::tool_end));
  EXPECT_EQ(json::find_string(*events[1].data, "delta"), "a\n");
  EXPECT_EQ(json::find_string(*events[2].data, "delta"), "b\nc\n");
  EXPECT_FALSE(turn.tool_running());
}

TEST_F(TurnTest, ACallThatIsOnlyNamedIsNotReported) {
  begin();
  feed(ToolStart{.id = "c1", .name = "bash", .arguments = {}});
  EXPECT_TRUE(events.empty());
  EXPECT_FALSE(turn.tool_running());
  EXPECT_EQ(turn.begin_call({.id = "c1", .tool_name = "bash", .input = {}}).size(), 1U);
  EXPECT_TRUE(turn.begin_call({.id = "c1", .tool_name = "bash", .input = {}}).empty()) << "once";
  EXPECT_EQ(turn.begin_call({.id = "c2", .tool_name = "bash", .input = {}}).size(), 1U) << "unheard of";
}

TEST_F(TurnTest, ABlockedCallLeavesNoTrace) {
  begin();
  feed(ToolStart{.id = "c1", .name = "bash", .arguments = {}});
  EXPECT_EQ(turn.ask({.id = "c1", .tool_name = "bash", .input = {}}), "c1");
  end_tool("c1", IsError::yes);
  EXPECT_TRUE(events.empty());
  EXPECT_FALSE(turn.outcome());
}

TEST_F(TurnTest, AToolThatRunsWithoutTheGateEndsTheTurn) {
  const auto ungated = [](const Record& record) {
    Turn turn{"p1"};
    turn.take(AgentStart{}, {});
    turn.take(TurnStart{}, {});
    turn.take(ToolStart{.id = "c1", .name = "bash", .arguments = {}}, {});
    turn.take(record, {});
    return turn.ungated() && turn.outcome()->kind == Kind::failed;
  };
  EXPECT_TRUE(ungated(ToolUpdate{.id = "c1", .name = "bash", .output = ""}));
  EXPECT_TRUE(ungated(ToolUpdate{.id = "c2", .name = "bash", .output = ""}));
  EXPECT_TRUE(ungated(ToolEnd{.id = "c1", .name = "bash", .output = "", .is_error = false}));
  EXPECT_FALSE(ungated(ToolEnd{.id = "c1", .name = "bash", .output = "", .is_error = true}));
}

TEST_F(TurnTest, ACallWithTheIdOfAnEndedOneIsAnotherAndHasItsOwnId) {
  begin();
  for (int i = 0; i < 2; ++i) {
    start_tool("call_1");
    end_tool("call_1");
  }
  ASSERT_THAT(types(), ElementsAre(EventType::tool_start, EventType::tool_end, EventType::tool_start,
                                   EventType::tool_end));
  EXPECT_EQ(json::find_string(*events[1].data, "toolCallId"), "call_1");
  EXPECT_EQ(json::find_string(*events[2].data, "toolCallId"), "call_1#2");
  EXPECT_EQ(json::find_string(*events[3].data, "toolCallId"), "call_1#2");
}

TEST_F(TurnTest, AResumedJobsCallsHaveIdsOfTheirOwn) {
  turn = Turn{"p1", "a1b2-"};
  begin();
  EXPECT_EQ(turn.ask({.id = "call_1", .tool_name = "bash", .input = {}}), "a1b2-call_1");
  start_tool("call_1");
  EXPECT_THAT(data(EventType::tool_start), HasSubstr(R"("toolCallId":"a1b2-call_1")"));
}

TEST_F(TurnTest, AHandledPromptEndsWithoutARun) {
  feed(Response{.id = "p1", .command = "prompt", .success = true, .error = {}, .handled = true});
  EXPECT_EQ(turn.outcome()->kind, Kind::completed);
}

}  // namespace
}  // namespace butler::worker::pi
