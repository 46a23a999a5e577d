#include "worker/event_queue.hpp"

#include <gmock/gmock.h>

#include "domain/limits.hpp"
#include "domain/utf8.hpp"
#include "worker/events.hpp"

namespace butler::worker::event_queue_test {
namespace {

namespace limits = domain::limits;
using domain::EventType;

std::string text_of(const std::vector<api::ReportedEvent>& events) {
  std::string text;
  for (const auto& event : events) {
    if (const auto* delta = delta_of(event)) text += delta->get_string();
  }
  return text;
}

TEST(EventQueueTest, TextThatWaitsGrowsTogether) {
  EventQueue queue;
  queue.push(text_event("one, "));
  queue.push(text_event("two, "));
  queue.push(text_event("three"));

  const auto batch = queue.take();

  ASSERT_EQ(batch.events.size(), 1U);
  EXPECT_EQ(text_of(batch.events), "one, two, three");
  EXPECT_EQ(batch.last_ticket, queue.last_ticket());
  EXPECT_TRUE(queue.empty());
}

TEST(EventQueueTest, OnlyNeighboursOfTheSameKindGrowTogether) {
  EventQueue queue;
  queue.push(thinking_event("hm"));
  queue.push(text_event("a"));
  queue.push(log_event("between"));
  queue.push(text_event("b"));

  const auto batch = queue.take();

  ASSERT_EQ(batch.events.size(), 4U);
  EXPECT_EQ(batch.events[0].type, EventType::agent_thinking_delta);
  EXPECT_EQ(batch.events[2].message, "between");
}

TEST(EventQueueTest, LongTextIsCutIntoDeltasOfTheLimit) {
  EventQueue queue;
  std::string text;
  for (std::size_t i = 0; i < 2 * limits::text_delta + 10; ++i) text += "ü";
  queue.push(text_event("x"));
  queue.push(text_event(text));

  const auto batch = queue.take();

  ASSERT_EQ(batch.events.size(), 3U);
  for (const auto& event : batch.events) {
    EXPECT_LE(domain::count_code_points(std::string_view{delta_of(event)->get_string()}), limits::text_delta);
  }
  EXPECT_EQ(text_of(batch.events), "x" + text);
}

TEST(EventQueueTest, ABatchHasAtMost256Events) {
  EventQueue queue;
  for (int i = 0; i < 300; ++i) queue.push(log_event("line"));

  const auto first = queue.take();
  const auto second = queue.take();

  EXPECT_EQ(first.events.size(), limits::events_per_batch);
  EXPECT_EQ(first.last_ticket, 256U);
  EXPECT_EQ(second.events.size(), 44U);
  EXPECT_EQ(second.last_ticket, 300U);
}

TEST(EventQueueTest, ABatchFitsIntoARequestWhateverItsEscapes) {
  EventQueue queue;
  const std::string worst(limits::text_delta, '\x01');  // six bytes each in JSON
  for (int i = 0; i < 200; ++i) {
    queue.push(text_event(worst));
    queue.push(log_event(worst));
  }
  std::size_t events = 0;
  while (!queue.empty()) {
    const auto batch = queue.take();
    ASSERT_FALSE(batch.events.empty());
    events += batch.events.size();
    std::size_t bytes = 0;
    for (const auto& event : batch.events) {
      if (event.data) bytes += json::serialize(*event.data).size();
      if (event.message) bytes += json::serialize(json::Value(*event.message)).size();
    }
    EXPECT_LT(bytes, limits::events_body_bytes);
  }
  EXPECT_EQ(events, 400U);
}

TEST(EventQueueTest, DataOverTheLimitKeepsOnlyItsNames) {
  EventQueue queue;
  queue.push({.type = EventType::tool_end,
              .ts = {},
              .message = {},
              .data = json::Object{{"toolCallId", "c1"},
                                   {"toolName", "bash"},
                                   {"extra", std::string(limits::event_data_bytes, 'x')}}});

  const auto batch = queue.take();

  EXPECT_EQ(json::serialize(*batch.events.at(0).data),
            R"({"truncated":true,"toolCallId":"c1","toolName":"bash"})");
}

TEST(EventQueueTest, AnEmptyQueueGivesAnEmptyBatch) {
  EventQueue queue;
  queue.push(text_event(""));
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.take().events.empty());
  EXPECT_EQ(queue.last_ticket(), 0U);
}

TEST(EventsTest, ALongArgumentIsShortenedAndTheSummaryIsTheCommand) {
  const ToolCall call{
      .id = "c1",
      .name = "bash",
      .arguments = json::Object{{"command", "echo " + std::string(5'000, 'x')}, {"timeout", 3}}};

  const auto event = tool_start_event(call);

  EXPECT_LT(json::serialize(*event.data).size(), 2'000U);
  EXPECT_TRUE(json::find_string(*event.data, "summary").starts_with("echo xxx"));
  EXPECT_EQ(json::find_integer(*json::find(*event.data, "args"), "timeout"), 3);
}

TEST(EventsTest, HugeArgumentsAreLeftOut) {
  json::Array many;
  for (int i = 0; i < 100'000; ++i) many.push_back(i);
  const auto event = tool_start_event({.id = "c1", .name = "odd", .arguments = many});
  EXPECT_EQ(json::find(*event.data, "args"), nullptr);
  EXPECT_LE(domain::count_code_points(json::find_string(*event.data, "summary")), 200U);
}

TEST(EventsTest, OfLongOutputTheEndIsKept) {
  EXPECT_EQ(keep_end("short", 10), "short");
  EXPECT_EQ(keep_end("0123456789", 4), "…789");
  EXPECT_EQ(keep_end("äöüß", 3), "…üß");
}

TEST(EventQueueTest, WhileTooMuchWaitsNewsOfProgressIsLeftOut) {
  EventQueue queue;
  for (std::size_t i = 0; i < EventQueue::most_waiting; ++i) queue.push(log_event("line"));
  const auto full = queue.last_ticket();
  queue.push(thinking_event("hm"));
  queue.push(log_event("line"));
  EXPECT_EQ(queue.last_ticket(), full);
  queue.push(tool_start_event({.id = "call_1", .name = "bash", .arguments = {}}));
  queue.push(text_event("said"));
  EXPECT_EQ(queue.last_ticket(), full + 2) << "what counts is always taken";
}

}  // namespace
}  // namespace butler::worker::event_queue_test
