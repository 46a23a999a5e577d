#include "log/log.hpp"

#include <gmock/gmock.h>

namespace butler::log::log_test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

std::string value_of(std::string_view value) {
  const std::string line = format_line(Level::info, "test", {{"v", value}});
  return line.substr(line.find(" v=") + 3);
}

TEST(Log, ALineIsLevelRoleEventAndFieldsInOrder) {
  start("orchestrator");

  EXPECT_EQ(format_line(Level::warn, "job.claimed", {{"job", "j1"}, {"attempt", 2}, {"late", true}}),
            "level=warning role=orchestrator event=job.claimed job=j1 attempt=2 late=true");
  EXPECT_EQ(format_line(Level::error, "x", {}), "level=error role=orchestrator event=x");
  start("butler");
}

TEST(Log, OrdinaryValuesStandBareAndOthersInQuotes) {
  EXPECT_EQ(value_of("plain/value:1"), "plain/value:1");
  EXPECT_EQ(value_of("é😀"), "é😀");
  EXPECT_EQ(value_of(""), "\"\"");
  EXPECT_EQ(value_of("two words"), "\"two words\"");
  EXPECT_EQ(value_of("a=b"), "\"a=b\"");
}

TEST(Log, AValueCannotMakeALineOrAFieldOfItsOwn) {
  EXPECT_EQ(value_of("a\nlevel=error event=faked"), R"("a\nlevel=error event=faked")");
  EXPECT_EQ(value_of("\r\t\"\\"), R"("\r\t\"\\")");
  EXPECT_EQ(value_of("\x1B[31m\x7F"), R"("\x1b[31m\x7f")");
  EXPECT_EQ(value_of(std::string_view("a\0b", 3)), R"("a\x00b")");
}

TEST(Log, InvalidUtf8IsReplaced) { EXPECT_EQ(value_of("a\xFF"), "a\uFFFD"); }

TEST(Log, LongValuesAreCutWithAnEllipsis) {
  const std::string cut = value_of(std::string(5000, 'x'));

  EXPECT_EQ(cut.size(), 1999 + std::string{"…"}.size());
  EXPECT_THAT(cut, EndsWith("x…"));
}

TEST(Log, TheSecretNeverReachesTheLog) {
  redact("s3cret-token");

  EXPECT_EQ(value_of("s3cret-token"), "[redacted]");
  EXPECT_EQ(value_of("x?key=s3cret-token&y=s3cret-token"), "\"x?key=[redacted]&y=[redacted]\"");
  EXPECT_THAT(value_of(std::string(1990, 'x') + "s3cret-token"), Not(HasSubstr("s3cret")));
}

TEST(Log, ASecretThatContainsAnotherIsHiddenWhole) {
  redact("part-of-it");
  redact("part-of-it-and-the-rest");

  EXPECT_EQ(value_of("part-of-it-and-the-rest"), "[redacted]");
}

TEST(Log, ShortSecretsAreIgnored) {
  redact("abc");

  EXPECT_EQ(value_of("abc"), "abc");
}

TEST(LogScope, EveryLineInAScopeCarriesItsField) {
  {
    const Scope outer("request", "r1");
    const Scope inner("part", "two words");
    const auto line = format_line(Level::info, "job.created", {{"job", "j1"}});
    EXPECT_NE(line.find("job=j1 request=r1 part=\"two words\""), std::string::npos) << line;
  }
  EXPECT_EQ(format_line(Level::info, "job.created", {}).find("request"), std::string::npos);
}

}  // namespace
}  // namespace butler::log::log_test
