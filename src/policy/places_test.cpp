#include "policy/places.hpp"

#include <gtest/gtest.h>

#include "policy/policy_test_support.hpp"

namespace butler::policy::places_test {
namespace {

Place place(const std::string& path, Access access = Access::read, bool whole_tree = false) {
  const Folders folders{question()};
  return place_of(folders, normalise(path, folders.workspace), access, whole_tree);
}

TEST(Places, PathsAreShortenedByTheirTextAlone) {
  EXPECT_EQ(normalise("a/./b//../c", "/w"), "/w/a/c");
  EXPECT_EQ(normalise("../../../..", "/w/x"), "/");
  EXPECT_EQ(normalise("/a/b/../../../c/", "/w"), "/c");
  EXPECT_EQ(normalise("", "/w"), "/w");
}

TEST(Places, AFolderHoldsItselfAndWhatIsBelow) {
  EXPECT_TRUE(is_within("/a/b", "/a/b"));
  EXPECT_TRUE(is_within("/a/b/c", "/a/b"));
  EXPECT_FALSE(is_within("/a/bc", "/a/b"));
  EXPECT_TRUE(is_within("/x", "/"));
}

TEST(Places, WildcardsFitAsInAShell) {
  EXPECT_TRUE(wildcard_match("/a/*.md", "/a/x.md"));
  EXPECT_FALSE(wildcard_match("/a/*.md", "/a/b/x.md"));
  EXPECT_TRUE(wildcard_match("/a/**/x", "/a/b/c/x"));
  EXPECT_TRUE(wildcard_match("**/a/*", "x/a/y/a/z"));
  EXPECT_TRUE(wildcard_match("/a/?", "/a/b"));
  EXPECT_FALSE(wildcard_match("/a/?", "/a//"));
  EXPECT_TRUE(wildcard_match("s[hx]adow", "shadow"));
  EXPECT_FALSE(wildcard_match("a", "ab"));
  EXPECT_TRUE(wildcard_match("*", ""));
}

TEST(Places, EachPathHasOne) {
  EXPECT_EQ(place("src/x"), Place::workspace);
  EXPECT_EQ(place("."), Place::workspace);
  EXPECT_EQ(place("$TMPDIR"), Place::workspace) << "only bash expands";
  EXPECT_EQ(place("/home/butler/.butler/agent/tmp/s1/x"), Place::scratch);
  EXPECT_EQ(place("/tmp/x"), Place::scratch);
  EXPECT_EQ(place("/dev/null", Access::write), Place::scratch);
  EXPECT_EQ(place("/dev/sda", Access::write), Place::outside);
  EXPECT_EQ(place("/usr/bin/ls"), Place::system);
  EXPECT_EQ(place("/etc/hosts"), Place::system);
  EXPECT_EQ(place("/var/lib/butler/runtime/node"), Place::system);
  EXPECT_EQ(place("/var/lib/butler/runtime/node", Access::write), Place::outside);
  EXPECT_EQ(place("/home/ada/x"), Place::outside);
  EXPECT_EQ(place("/etc/shadow"), Place::secret);
  EXPECT_EQ(place("/proc/self/environ"), Place::secret);
  EXPECT_EQ(place("/proc/cpuinfo"), Place::system);
  EXPECT_EQ(place("/home/ada/.ssh/id_rsa"), Place::secret);
  EXPECT_EQ(place("/home/butler/.butler/state.db"), Place::butler);
  EXPECT_EQ(place("/home/butler/.butler"), Place::butler);
  EXPECT_EQ(place("/home/butler/.butler/workspace2"), Place::butler);
}

TEST(Places, NamesThatOthersRunLaterAreGuardedInTheWholeWorkspace) {
  for (const auto* const path :
       {".git/hooks/x", ".git/config", "sub/.git/hooks", ".envrc", "a/.envrc", ".vscode/tasks.json",
        ".pi/settings.json", ".mcp.json", ".git/hook*/x", ".g?t/config", ".[e]nvrc"}) {
    EXPECT_EQ(place(path, Access::write), Place::guarded) << path;
    EXPECT_EQ(place(path, Access::read), Place::workspace) << path;
  }
  EXPECT_EQ(place(".git", Access::write, true), Place::guarded);
  EXPECT_EQ(place(".git/index", Access::write), Place::workspace);
  EXPECT_EQ(place(".gitignore", Access::write), Place::workspace);
}

TEST(Places, TheAgentsConfigurationIsOffLimitsBelowTheScratchFolderOfAllToo) {
  auto asked = question();
  asked.scratch = "/home/butler/.butler/agent/tmp";
  const Folders folders{asked};
  const auto at = [&](const std::string& path, Access access) {
    return place_of(folders, asked.scratch + path, access, false);
  };
  EXPECT_EQ(at("/s1/x", Access::write), Place::scratch);
  EXPECT_EQ(at("/s1/pi/skills/a/SKILL.md", Access::read), Place::system);
  EXPECT_EQ(at("/s1/pi/skills/a/SKILL.md", Access::write), Place::butler);
  EXPECT_EQ(at("/s1/pi/models.json", Access::read), Place::butler);
}

TEST(Places, ATreeIsAsSecretAsWhatItHolds) {
  EXPECT_EQ(place("/", Access::read, true), Place::secret);
  EXPECT_EQ(place("/etc", Access::read, true), Place::secret);
  EXPECT_EQ(place("/etc", Access::read, false), Place::system);
  EXPECT_EQ(place("/usr/include", Access::read, true), Place::system);
  EXPECT_EQ(place("/home", Access::read, true), Place::secret);
}

TEST(Places, APatternThatBeginsWithADotCanLeadUpwards) {
  EXPECT_TRUE(may_climb("/a/.*"));
  EXPECT_TRUE(may_climb("/a/.?/b"));
  EXPECT_FALSE(may_climb("/a/*"));
  EXPECT_FALSE(may_climb("/a/.x/*"));
}

}  // namespace
}  // namespace butler::policy::places_test
