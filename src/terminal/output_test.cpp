#include <gtest/gtest.h>

#include <sstream>

#include "terminal/progress.hpp"
#include "terminal/style.hpp"
#include "terminal/table.hpp"

namespace butler::terminal::output_test {
namespace {

TEST(Colours, AreForTerminalsThatHaveThemAndNeverAgainstThePersonsWish) {
  EXPECT_TRUE(wants_colours(true, "", "xterm-256color"));
  EXPECT_FALSE(wants_colours(false, "", "xterm-256color"));
  EXPECT_FALSE(wants_colours(true, "1", "xterm-256color"));
  EXPECT_FALSE(wants_colours(true, "", "dumb"));
  EXPECT_FALSE(wants_colours(true, "", ""));
}

TEST(Colours, EndWithTheText) {
  EXPECT_EQ(Palette{true}.paint("done", Style::green), "\x1b[32mdone\x1b[0m");
  EXPECT_EQ(Palette{true}.paint("", Style::green), "");
  EXPECT_EQ(Palette{}.paint("done", Style::green), "done");
}

TEST(Table, ItsColumnsStandOneBelowTheOtherByWhatIsDrawn) {
  EXPECT_EQ(render_table({{"漢字", "x", "last"}, {"a", "longer", ""}, {"alone"}, {}}),
            "漢字  x       last\n"
            "a     longer  \n"
            "alone\n"
            "\n");
  EXPECT_EQ(render_table({{Palette{true}.paint("ok", Style::green), "1"}, {"bad", "2"}}),
            "\x1b[32mok\x1b[0m   1\nbad  2\n");
}

TEST(Table, TheLastCellIsShortenedToTheLineUnlessNothingWouldBeLeftOfIt) {
  EXPECT_EQ(render_table({{"name", "a sentence that is long"}}, 20), "name  a sentence th…\n");
  EXPECT_EQ(render_table({{"name", "a sentence that is long"}}, 12), "name  a sentence that is long\n");
}

TEST(Progress, IsOneLineThatChangesOnATerminal) {
  std::ostringstream out;
  Progress progress{out, {.is_terminal = true, .columns = 12}};
  progress.show("one");
  progress.show("one");
  progress.show("a longer sentence");
  progress.finish("done");
  EXPECT_EQ(out.str(), "\r\x1b[Kone\r\x1b[Ka longer s…\r\x1b[Kdone\n");
}

TEST(Progress, IsPlainLinesElsewhere) {
  std::ostringstream out;
  {
    Progress progress{out, {}};
    progress.show("one");
    progress.show("one");
    progress.show("two");
    progress.finish("done");
    progress.show("unfinished");
  }
  EXPECT_EQ(out.str(), "one\ntwo\ndone\nunfinished\n");
}

TEST(Progress, TakesItsLineAwayAtTheEnd) {
  std::ostringstream out;
  {
    Progress progress{out, {.is_terminal = true, .columns = 80}};
    progress.show("one");
  }
  EXPECT_EQ(out.str(), "\r\x1b[Kone\r\x1b[K");
}

}  // namespace
}  // namespace butler::terminal::output_test
