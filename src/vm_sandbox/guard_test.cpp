#include "vm_sandbox/guard.hpp"

#include <gtest/gtest.h>

namespace butler::vm_sandbox::guard_test {
namespace {

using Kind = ArchiveEntry::Kind;

TEST(Guard, KeepsWhatIsProtectedWithAllThatIsInIt) {
  const Guard guard({".git/hooks", ".git/config", ".envrc"});
  for (const char* const path :
       {".git/hooks", ".git/hooks/pre-commit", ".git/config", ".envrc", ".envrc/x"}) {
    EXPECT_FALSE(guard.allows(path, Kind::file)) << path;
    EXPECT_FALSE(guard.allows(path, Kind::folder)) << path;
    EXPECT_FALSE(guard.allows_removal(path)) << path;
  }
  for (const char* const path : {".git/index", ".git/hooks2", ".git/configuration", "sub/.envrc", "file"}) {
    EXPECT_TRUE(guard.allows(path, Kind::file)) << path;
    EXPECT_TRUE(guard.allows_removal(path)) << path;
  }
}

TEST(Guard, TheFoldersOnTheWayStayFolders) {
  const Guard guard({".git/hooks"});
  EXPECT_TRUE(guard.allows(".git", Kind::folder));
  EXPECT_FALSE(guard.allows(".git", Kind::link));
  EXPECT_FALSE(guard.allows(".git", Kind::file));
  EXPECT_FALSE(guard.allows_removal(".git"));
}

TEST(Guard, KeepsWhatTheOtherTiersCover) {
  sandbox::Spec spec{.arguments = {}, .environment = {}};
  spec.protected_names = {".git/hooks", ".envrc"};
  using Mount = sandbox::Mount;
  const sandbox::MountPlan plan{.workspace = "/w",
                                .mounts = {{.kind = Mount::Kind::read_only, .path = "/usr"},
                                           {.kind = Mount::Kind::read_write, .path = "/w"},
                                           {.kind = Mount::Kind::read_only, .path = "/w/books"},
                                           {.kind = Mount::Kind::cover_folder, .path = "/w/.git"}}};
  // .git is missing outside: nothing of it may be made.
  EXPECT_EQ(make_guard(spec, plan).kept(), (std::set<std::string>{".git", ".git/hooks", ".envrc", "books"}));
}

}  // namespace
}  // namespace butler::vm_sandbox::guard_test
