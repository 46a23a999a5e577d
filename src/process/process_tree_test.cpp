#include "process/process_tree.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

namespace butler::process::process_tree_test {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(ProcessTree, AStatLineIsReadWhateverTheCommandIsCalled) {
  const ProcessEntry expected{.pid = 42, .parent = 7, .group = 40, .session = 39, .state = 'S'};
  EXPECT_EQ(parse_stat("42 (sh) S 7 40 39 0 -1 4194304"), expected);
  EXPECT_EQ(parse_stat("42 (a) R 1 2) S 7 40 39 0 -1"), expected);
  EXPECT_EQ(parse_stat("42 (a (b) c) S 7 40 39"), expected);
  for (const auto* const broken :
       {"", "42", "42 (sh)", "42 (sh) S", "42 (sh) S 7 40", "x (sh) S 7 40 39", "42 (sh) S a b c"}) {
    EXPECT_EQ(parse_stat(broken), std::nullopt) << broken;
  }
}

TEST(ProcessTree, DescendantsAreFoundThroughTheirParentsWhateverTheOrder) {
  const auto child_of = [](pid_t parent, pid_t pid) { return ProcessEntry{.pid = pid, .parent = parent}; };
  const std::vector<ProcessEntry> entries{child_of(30, 31), child_of(1, 10), child_of(10, 20),
                                          child_of(20, 30), child_of(1, 11), child_of(10, 21),
                                          child_of(0, 1)};
  EXPECT_THAT(descendants_of(10, entries), UnorderedElementsAre(20, 21, 30, 31));
  EXPECT_THAT(descendants_of(11, entries), IsEmpty());
}

TEST(ProcessTree, TheListHoldsThisProcessUnderItsParent) {
  const auto entries = list_processes();
  const auto self = std::ranges::find(entries, ::getpid(), &ProcessEntry::pid);
  ASSERT_NE(self, entries.end());
  EXPECT_EQ(self->parent, ::getppid());
}

}  // namespace
}  // namespace butler::process::process_tree_test
