#include "setup/owner_watch.hpp"

#include <gmock/gmock.h>

namespace butler::setup::owner_watch_test {
namespace {

using testing::HasSubstr;

telegram::ApiError refusal(int code, std::string description) {
  return {
      .kind = telegram::ApiError::Kind::refused, .error_code = code, .description = std::move(description)};
}

TEST(FailedPoll, IsRepeatedOnlyWhereThatCanHelp) {
  struct Case {
    telegram::ApiError error;
    Trouble::Kind kind;
    std::string text;
  };
  const std::vector<Case> cases{
      {refusal(409, "Conflict: can't use getUpdates method while webhook is active"), Trouble::Kind::refused,
       "webhook"},
      {refusal(409, "Conflict: terminated by other getUpdates request"), Trouble::Kind::refused,
       "another program"},
      {refusal(401, "Unauthorized"), Trouble::Kind::refused, "401 Unauthorized"},
      {refusal(502, "Bad Gateway"), Trouble::Kind::unreachable, "502 Bad Gateway"},
      {{.kind = telegram::ApiError::Kind::unknown, .description = "the connection was cut"},
       Trouble::Kind::unreachable,
       "the connection was cut"},
  };
  for (const auto& [error, kind, text] : cases) {
    const auto trouble = explain_failed_poll(error);
    EXPECT_EQ(trouble.kind, kind) << text;
    EXPECT_THAT(trouble.text, HasSubstr(text));
  }
}

}  // namespace
}  // namespace butler::setup::owner_watch_test
