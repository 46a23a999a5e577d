#include "vm/multiplexer.hpp"

#include <gtest/gtest.h>

#include <map>

namespace butler::vm::multiplexer_test {
namespace {

using Kind = StreamEvent::Kind;

/// Host and guest on a wire.
class MultiplexerTest : public testing::Test {
 protected:
  std::vector<StreamEvent> to_guest() { return guest.feed(host.take_output(1U << 20U)).value(); }
  std::vector<StreamEvent> to_host() { return host.feed(guest.take_output(1U << 20U)).value(); }

  Multiplexer host{Side::host};
  Multiplexer guest{Side::guest};
};

TEST_F(MultiplexerTest, AStreamCarriesARequestDataNotesAndEndsBothWays) {
  const auto stream = host.open("request");
  host.write(stream, "input");
  host.end(stream);
  EXPECT_EQ(to_guest(),
            (std::vector<StreamEvent>{{.kind = Kind::opened, .stream = stream, .bytes = "request"},
                                      {.kind = Kind::data, .stream = stream, .bytes = "input"},
                                      {.kind = Kind::ended, .stream = stream}}));
  guest.write(stream, "output");
  guest.note(stream, "code=0");
  guest.end(stream);
  EXPECT_EQ(to_host(), (std::vector<StreamEvent>{{.kind = Kind::note, .stream = stream, .bytes = "code=0"},
                                                 {.kind = Kind::data, .stream = stream, .bytes = "output"},
                                                 {.kind = Kind::ended, .stream = stream}}));
  EXPECT_FALSE(host.has(stream));
  EXPECT_FALSE(guest.has(stream));
}

TEST_F(MultiplexerTest, BothSidesOpenStreamsWithoutClashing) {
  EXPECT_EQ(host.open("a"), 2U);
  EXPECT_EQ(guest.open("b"), 1U);
  EXPECT_EQ(host.open("c"), 4U);
  EXPECT_EQ(to_guest().size(), 2U);
  EXPECT_EQ(to_host().size(), 1U);
}

TEST_F(MultiplexerTest, AWriterIsHeldBackUntilTheReaderHasTaken) {
  const auto stream = host.open("");
  std::size_t sent = 0;
  while (const auto room = host.writable(stream)) {
    host.write(stream, std::string(room, 'x'));
    sent += room;
    to_guest();
  }
  EXPECT_EQ(sent, stream_window);
  guest.consumed(stream, stream_window / 2);
  to_host();
  EXPECT_EQ(host.writable(stream), send_buffer);
}

TEST_F(MultiplexerTest, AStreamThatSendsMuchDoesNotHoldUpAnother) {
  const auto loud = host.open("");
  const auto quiet = host.open("");
  host.write(loud, std::string(send_buffer, 'x'));
  host.write(quiet, "y");
  std::size_t before = 0;
  for (const auto& event : to_guest()) {
    if (event.stream == quiet && event.kind == Kind::data) break;
    before += event.bytes.size();
  }
  EXPECT_LE(before, send_buffer / 4);
}

TEST_F(MultiplexerTest, AResetForgetsTheStreamAndLateFramesAreIgnored) {
  const auto stream = host.open("");
  to_guest();
  guest.write(stream, "late");
  host.reset(stream);
  EXPECT_FALSE(host.has(stream));
  EXPECT_TRUE(to_host().empty());
  EXPECT_EQ(to_guest(), (std::vector<StreamEvent>{{.kind = Kind::reset, .stream = stream}}));
  EXPECT_FALSE(guest.has(stream));
  EXPECT_EQ(guest.writable(stream), 0U);
}

TEST_F(MultiplexerTest, MoreStreamsThanMayBeOpenAreRefused) {
  for (std::size_t i = 0; i < stream_limit; ++i) guest.open("");
  const auto refused = guest.open("");
  EXPECT_EQ(to_host().size(), stream_limit);
  EXPECT_EQ(host.size(), stream_limit);
  EXPECT_EQ(to_guest(), (std::vector<StreamEvent>{{.kind = Kind::reset, .stream = refused}}));
}

struct Misbehaviour {
  std::string what;
  std::vector<Frame> frames;  ///< of the guest, after it has opened stream 1
};

std::ostream& operator<<(std::ostream& out, const Misbehaviour& misbehaviour) {
  return out << misbehaviour.what;
}

class MisbehaviourTest : public testing::TestWithParam<Misbehaviour> {};

TEST_P(MisbehaviourTest, EndsTheConnection) {
  Multiplexer host{Side::host};
  std::string bytes = encode({.kind = FrameKind::open, .stream = 1});
  for (const auto& frame : GetParam().frames) bytes += encode(frame);
  EXPECT_FALSE(host.feed(bytes));
}

const Frame window_full{
    .kind = FrameKind::data, .stream = 1, .payload = std::string(frame_payload_limit, 'x')};

INSTANTIATE_TEST_SUITE_P(
    Each, MisbehaviourTest,
    testing::Values(
        Misbehaviour{"a stream of ours", {{.kind = FrameKind::open, .stream = 4}}},
        Misbehaviour{"stream zero", {{.kind = FrameKind::open, .stream = 0}}},
        Misbehaviour{"a number twice", {{.kind = FrameKind::open, .stream = 1}}},
        Misbehaviour{"data for a stream that never was",
                     {{.kind = FrameKind::data, .stream = 3, .payload = "x"}}},
        Misbehaviour{"data for a stream we never opened",
                     {{.kind = FrameKind::data, .stream = 2, .payload = "x"}}},
        Misbehaviour{"no data", {{.kind = FrameKind::data, .stream = 1}}},
        Misbehaviour{
            "data after the end",
            {{.kind = FrameKind::end, .stream = 1}, {.kind = FrameKind::data, .stream = 1, .payload = "x"}}},
        Misbehaviour{"two ends",
                     {{.kind = FrameKind::end, .stream = 1}, {.kind = FrameKind::end, .stream = 1}}},
        Misbehaviour{"credit that is not owed",
                     {{.kind = FrameKind::credit, .stream = 1, .payload = encode_credit(1)}}},
        Misbehaviour{"credit that is no number", {{.kind = FrameKind::credit, .stream = 1, .payload = "x"}}},
        Misbehaviour{"more than the window",
                     {window_full, window_full, window_full, window_full, window_full}},
        Misbehaviour{"notes without end",
                     std::vector<Frame>(note_limit + 1, Frame{.kind = FrameKind::note, .stream = 1})}));

TEST(MultiplexerLimitTest, AnOtherSideThatOnlyAsksAndNeverReadsIsCutOff) {
  Multiplexer host{Side::host};
  std::string bytes;
  for (std::uint32_t i = 0; i < stream_limit; ++i) {
    bytes += encode({.kind = FrameKind::open, .stream = 2 * i + 1});
  }
  ASSERT_TRUE(host.feed(bytes));
  bool cut = false;
  for (std::uint32_t i = stream_limit; !cut && i < 1'000'000; ++i) {
    cut = !host.feed(encode({.kind = FrameKind::open, .stream = 2 * i + 1})).has_value();
  }
  EXPECT_TRUE(cut);
}

}  // namespace
}  // namespace butler::vm::multiplexer_test
