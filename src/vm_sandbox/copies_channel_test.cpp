#include "vm_sandbox/copies_channel.hpp"

#include <gtest/gtest.h>

namespace butler::vm_sandbox::copies_channel_test {
namespace {

TEST(CopiesChannel, LinesArriveAsTheyWereSent) {
  const CopiesRequest request{.number = 3, .direction = Direction::out};
  EXPECT_EQ(decode_copies_request(encode(request)), request);
  const CopiesAnswer answer{.number = 3, .sentences = {"a \"b\"\n"}, .error = "no"};
  EXPECT_EQ(decode_copies_answer(encode(answer)), answer);
  EXPECT_EQ(encode(answer).find('\n'), encode(answer).size() - 1);
  EXPECT_FALSE(decode_copies_request("{}"));
  EXPECT_FALSE(decode_copies_answer("no"));
}

}  // namespace
}  // namespace butler::vm_sandbox::copies_channel_test
