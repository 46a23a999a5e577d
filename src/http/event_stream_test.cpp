#include "http/event_stream.hpp"

#include <gmock/gmock.h>

namespace butler::http::event_stream_test {
namespace {

TEST(EventStream, JoinsTheLinesOfAnEventAndPassesOverComments) {
  EventStream stream;
  EXPECT_THAT(stream.feed(": hello\nid: 1\ndata: one\ndata:two\n\ndata: three\r\rda"),
              testing::ElementsAre("one\ntwo", "three"));
  EXPECT_THAT(stream.feed("ta: last"), testing::IsEmpty());
  EXPECT_EQ(stream.finish(), "last");
}

TEST(EventStream, AnEndlessLineIsDroppedAndTheNextEventIsRead) {
  EventStream stream;
  const std::string piece(1'000'000, 'x');
  EXPECT_THAT(stream.feed("data: "), testing::IsEmpty());
  for (int i = 0; i < 20; ++i) ASSERT_THAT(stream.feed(piece), testing::IsEmpty());
  EXPECT_THAT(stream.feed("\n\ndata: after\n\n"), testing::ElementsAre("after"));
}

}  // namespace
}  // namespace butler::http::event_stream_test
