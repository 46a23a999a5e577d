#include "vm/frame.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace butler::vm::frame_test {
namespace {

std::vector<Frame> decode_all(std::string_view bytes, std::size_t piece) {
  FrameDecoder decoder;
  std::vector<Frame> frames;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    decoder.feed(bytes.substr(at, piece));
    for (;;) {
      auto frame = decoder.next();
      if (!frame || !*frame) break;
      frames.push_back(std::move(**frame));
    }
  }
  return frames;
}

TEST(FrameTest, FramesComeBackWhateverPiecesTheyArriveIn) {
  const std::vector<Frame> frames{
      {.kind = FrameKind::open, .stream = 2, .payload = "kind=run"},
      {.kind = FrameKind::data, .stream = 0xFFFFFFFF, .payload = std::string(frame_payload_limit, 'x')},
      {.kind = FrameKind::end, .stream = 1},
      {.kind = FrameKind::credit, .stream = 3, .payload = encode_credit(0x01020304)},
      {.kind = FrameKind::reset, .stream = 5},
      {.kind = FrameKind::note, .stream = 7, .payload = std::string("a\0b", 3)},
  };
  std::string bytes;
  for (const auto& frame : frames) bytes += encode(frame);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, bytes.size()}) {
    EXPECT_EQ(decode_all(bytes, piece), frames) << piece;
  }
}

TEST(FrameTest, TheHeadIsTwelveBytesLittleEndian) {
  EXPECT_EQ(encode({.kind = FrameKind::data, .stream = 0x01020304, .payload = "hi"}),
            std::string("\x02\0\0\0\x04\x03\x02\x01\x02\0\0\0hi", 14));
}

TEST(FrameTest, WhatIsNoFrameIsAnErrorThatStays) {
  for (const std::string& bytes : {
           std::string("\0\0\0\0\0\0\0\0\0\0\0\0", 12),            // no kind
           std::string("\x07\0\0\0\0\0\0\0\0\0\0\0", 12),          // a kind that is none
           std::string("\x02\x01\0\0\0\0\0\0\0\0\0\0", 12),        // something where nothing may be
           std::string("\x02\0\0\0\0\0\0\0\x01\0\x01\0", 12),      // 65,537 bytes
           std::string("\x02\0\0\0\0\0\0\0\xFF\xFF\xFF\xFF", 12),  // 4 GiB
       }) {
    FrameDecoder decoder;
    decoder.feed(bytes);
    EXPECT_FALSE(decoder.next());
    decoder.feed(encode({.kind = FrameKind::end, .stream = 1}));
    EXPECT_FALSE(decoder.next());
  }
}

TEST(FrameTest, CreditIsFourBytes) {
  EXPECT_EQ(decode_credit(encode_credit(70'000)), 70'000U);
  EXPECT_EQ(decode_credit("abc"), std::nullopt);
  EXPECT_EQ(decode_credit("abcde"), std::nullopt);
}

}  // namespace
}  // namespace butler::vm::frame_test
