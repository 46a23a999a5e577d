#include "vm_sandbox/workspace_return.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace butler::vm_sandbox::workspace_return_test {
namespace {

namespace fs = std::filesystem;
using Kind = ArchiveEntry::Kind;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class WorkspaceReturnTest : public testing::Test {
 protected:
  WorkspaceReturnTest() {
    std::string pattern = "/tmp/butler-workspace-XXXXXX";
    scratch_ = ::mkdtemp(pattern.data());
    for (const char* const name : {"w", "staging", "elsewhere"}) fs::create_directories(scratch_ / name);
  }
  ~WorkspaceReturnTest() override { fs::remove_all(scratch_); }
  WorkspaceReturnTest(const WorkspaceReturnTest&) = delete;
  WorkspaceReturnTest& operator=(const WorkspaceReturnTest&) = delete;

  fs::path at(const std::string& path) const { return scratch_ / "w" / path; }
  void write(const std::string& path, const std::string& text) const {
    fs::create_directories(at(path).parent_path());
    std::ofstream{at(path)} << text;
  }
  std::string text(const std::string& path) const {
    std::ostringstream all;
    all << std::ifstream{at(path)}.rdbuf();
    return all.str();
  }

  /// Everything that is in the workspace now, as it is sent.
  std::string send() {
    WorkspaceReader reader(scratch_ / "w");
    std::string archive;
    for (auto bytes = reader.next(); !bytes.empty(); bytes = reader.next()) archive += bytes;
    manifest_ = reader.manifest();
    left_out_ = reader.left_out();
    return archive;
  }

  struct Thing {
    std::string path;
    Kind kind = Kind::file;
    std::string content = {};
    std::uint32_t mode = 0644;
  };

  /// The guest's answer to what was sent last.
  std::vector<std::string> apply(const std::vector<Thing>& things, Guard guard = {}) {
    fs::remove_all(scratch_ / "staging");
    fs::create_directories(scratch_ / "staging");
    WorkspaceReturn files(scratch_ / "staging", manifest_, std::move(guard));
    for (const auto& thing : things) {
      files.begin({.path = thing.path, .kind = thing.kind, .mode = thing.mode, .size = thing.content.size()});
      if (!thing.content.empty()) files.content(thing.content);
    }
    return files.apply(scratch_ / "w");
  }

  fs::path scratch_;
  Manifest manifest_;
  std::vector<std::string> left_out_;
};

TEST_F(WorkspaceReturnTest, WhatWasSentComesBackWithoutAChange) {
  write("d/file", std::string(200'000, 'x'));
  write("empty", "");
  fs::create_symlink("../elsewhere", at("link"));
  struct stat before{};
  ASSERT_EQ(::stat(at("d/file").c_str(), &before), 0);
  const auto archive = send();
  WorkspaceReturn files(scratch_ / "staging", manifest_, {});
  ArchiveReader reader({.bytes = 1'000'000}, files);
  ASSERT_TRUE(reader.feed(archive));
  ASSERT_TRUE(reader.finished());
  EXPECT_THAT(files.apply(scratch_ / "w"), IsEmpty());
  struct stat after{};
  ASSERT_EQ(::stat(at("d/file").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_TRUE(fs::is_symlink(at("link")));
  EXPECT_THAT(left_out_, IsEmpty());
}

TEST_F(WorkspaceReturnTest, ChangesArriveAndNothingElseDoes) {
  write("old", "old");
  write("gone", "gone");
  write("folder/inner", "x");
  send();
  write("of-somebody-else", "made meanwhile");
  const auto refused = apply({{.path = "old", .content = "new", .mode = 0755},
                              {.path = "made", .kind = Kind::folder},
                              {.path = "made/file", .content = "text"},
                              {.path = "made/link", .kind = Kind::link, .content = "/etc/passwd"}});
  EXPECT_THAT(refused, IsEmpty());
  EXPECT_EQ(text("old"), "new");
  EXPECT_EQ(fs::status(at("old")).permissions(), fs::perms{0755});
  EXPECT_EQ(text("made/file"), "text");
  EXPECT_EQ(fs::read_symlink(at("made/link")), "/etc/passwd");
  EXPECT_FALSE(fs::exists(at("gone")));
  EXPECT_FALSE(fs::exists(at("folder")));
  EXPECT_EQ(text("of-somebody-else"), "made meanwhile");
}

TEST_F(WorkspaceReturnTest, AFileThatSomebodyElseHasChangedIsNotRemoved) {
  write("file", "old");
  send();
  write("file", "changed meanwhile");
  apply({});
  EXPECT_EQ(text("file"), "changed meanwhile");
}

TEST_F(WorkspaceReturnTest, NothingIsWrittenThroughALink) {
  send();
  const auto refused = apply({{.path = "way", .kind = Kind::link, .content = "../elsewhere"},
                              {.path = "way/file", .content = "out"}});
  EXPECT_THAT(refused, Contains(HasSubstr("way/file")));
  EXPECT_TRUE(fs::is_empty(scratch_ / "elsewhere"));

  // The link is there already, and the guest sends a folder of that name.
  fs::remove(at("way"));
  fs::create_symlink(scratch_ / "elsewhere", at("way"));
  manifest_.clear();
  apply({{.path = "way", .kind = Kind::folder}, {.path = "way/file", .content = "out"}});
  EXPECT_TRUE(fs::is_empty(scratch_ / "elsewhere"));
}

TEST_F(WorkspaceReturnTest, AFileTakesThePlaceOfALinkInsteadOfItsTarget) {
  std::ofstream{scratch_ / "elsewhere" / "secret"} << "kept";
  fs::create_symlink(scratch_ / "elsewhere" / "secret", at("link"));
  send();
  apply({{.path = "link", .content = "mine"}});
  EXPECT_FALSE(fs::is_symlink(at("link")));
  std::ifstream secret{scratch_ / "elsewhere" / "secret"};
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>{secret}, {}), "kept");
}

TEST_F(WorkspaceReturnTest, WhatIsProtectedStaysAsItIs) {
  write(".git/config", "mine");
  write(".git/index", "1");
  send();
  const Guard guard({".git/hooks", ".git/config", ".envrc"});
  const auto refused = apply({{.path = ".git", .kind = Kind::folder},
                              {.path = ".git/config", .content = "[core] fsmonitor = evil"},
                              {.path = ".git/hooks", .kind = Kind::folder},
                              {.path = ".git/hooks/pre-commit", .content = "evil", .mode = 0755},
                              {.path = ".git/index", .content = "2"},
                              {.path = ".envrc", .content = "evil"}},
                             guard);
  EXPECT_EQ(text(".git/config"), "mine");
  EXPECT_FALSE(fs::exists(at(".git/hooks")));
  EXPECT_FALSE(fs::exists(at(".envrc")));
  EXPECT_EQ(text(".git/index"), "2");
  EXPECT_THAT(refused, Contains(HasSubstr(".git/config is protected")));

  // Neither is it moved aside with the folder that it is in.
  send();
  apply({{.path = ".git", .kind = Kind::link, .content = "evil"}}, guard);
  EXPECT_EQ(text(".git/config"), "mine");
}

TEST_F(WorkspaceReturnTest, AFileAndAFolderTakeEachOthersPlace) {
  write("one", "file");
  write("two/inner", "x");
  send();
  apply({{.path = "one", .kind = Kind::folder},
         {.path = "one/inner", .content = "y"},
         {.path = "two", .content = "z"}});
  EXPECT_EQ(text("one/inner"), "y");
  EXPECT_EQ(text("two"), "z");
}

TEST_F(WorkspaceReturnTest, EveryNameOfAFileGetsItsContent) {
  send();
  WorkspaceReturn files(scratch_ / "staging", manifest_, {});
  files.begin({.path = "a", .mode = 0600, .inode = 9});
  files.begin({.path = "b", .mode = 0600, .size = 4, .inode = 9});
  files.content("text");
  EXPECT_EQ(files.bytes(), 8U) << "each is a file of its own here";
  files.apply(scratch_ / "w");
  EXPECT_EQ(text("a") + text("b"), "texttext");
}

TEST_F(WorkspaceReturnTest, PermissionsArriveButNeverShutTheOwnerOut) {
  write("script", "x");
  ::chmod(at("script").c_str(), 0600);
  send();
  apply({{.path = "script", .content = "x", .mode = 0111}});
  EXPECT_EQ(fs::status(at("script")).permissions(), fs::perms{0711});
}

/// Round by round, as a program that goes on: what the one side knows of the other stays true.
class SeveralRoundsTest : public WorkspaceReturnTest {
 protected:
  /// What the guest's files are, and what comes of it here.
  std::vector<std::string> bring_out(const std::vector<Thing>& things, Guard guard = {}) {
    fs::remove_all(scratch_ / "staging");
    fs::create_directories(scratch_ / "staging");
    WorkspaceReturn files(scratch_ / "staging", manifest_, std::move(guard));
    for (const auto& thing : things) {
      files.begin({.path = thing.path, .kind = thing.kind, .mode = thing.mode, .size = thing.content.size()});
      if (!thing.content.empty()) files.content(thing.content);
    }
    auto refused = files.apply(scratch_ / "w");
    manifest_ = files.take_manifest();
    return refused;
  }

  /// The paths that are sent, after those that the guest has to remove, which begin with "-".
  std::vector<std::string> bring_in() {
    std::vector<std::string> paths;
    for (const auto& path : outdated_in(scratch_ / "w", manifest_)) {
      paths.push_back("-" + path);
      manifest_.erase(path);
    }
    WorkspaceReader reader(scratch_ / "w", {.known = manifest_});
    std::string archive;
    for (auto bytes = reader.next(); !bytes.empty(); bytes = reader.next()) archive += bytes;
    struct Names final : ArchiveSink {
      void begin(const ArchiveEntry& entry) override { paths.push_back(entry.path); }
      void content(std::string_view) override {}
      std::vector<std::string> paths;
    } names;
    ArchiveReader archive_reader({.bytes = 1'000'000}, names);
    EXPECT_TRUE(archive_reader.feed(archive));
    EXPECT_EQ(reader.nothing_sent(), names.paths.empty());
    manifest_ = reader.manifest();
    paths.insert(paths.end(), names.paths.begin(), names.paths.end());
    return paths;
  }
};

TEST_F(SeveralRoundsTest, OnlyWhatHasChangedGoesIn) {
  write("d/same", "same");
  write("changed", "old");
  write("gone", "x");
  fs::create_symlink("same", at("link"));
  bring_in();
  EXPECT_THAT(bring_in(), IsEmpty());
  write("changed", "newer");
  fs::remove(at("gone"));
  fs::remove_all(at("d"));
  write("d", "a file now");
  write("made", "");
  EXPECT_THAT(bring_in(), testing::UnorderedElementsAre("-d", "-d/same", "-gone", "changed", "d", "made"));
  EXPECT_THAT(bring_in(), IsEmpty());
}

TEST_F(SeveralRoundsTest, WhatCameOutIsKnownAndDoesNotGoInAgain) {
  write("kept", "1");
  bring_in();
  const std::vector<Thing> things{{.path = "d", .kind = Kind::folder, .mode = 0755},
                                  {.path = "d/made", .content = "m", .mode = 0444},
                                  {.path = "kept", .content = "2"},
                                  {.path = "link", .kind = Kind::link, .content = "kept"}};
  EXPECT_THAT(bring_out(things), IsEmpty());
  EXPECT_THAT(bring_in(), IsEmpty());
  // It is no change of the guest's that somebody here has changed it since.
  write("kept", "3 from here");
  EXPECT_THAT(bring_out(things), IsEmpty());
  EXPECT_EQ(text("kept"), "3 from here");
  EXPECT_THAT(bring_in(), testing::ElementsAre("kept"));
}

TEST_F(SeveralRoundsTest, WhatIsProtectedIsTakenBackFromTheGuest) {
  write(".git/config", "mine");
  bring_in();
  const Guard guard({".git/config", ".envrc"});
  const std::vector<Thing> things{{.path = ".envrc", .content = "evil"},
                                  {.path = ".git", .kind = Kind::folder},
                                  {.path = ".git/config", .content = "evil"}};
  EXPECT_THAT(bring_out(things, guard), testing::SizeIs(2));
  EXPECT_THAT(bring_out(things, guard), IsEmpty()) << "it is said once";
  EXPECT_THAT(bring_in(), testing::UnorderedElementsAre("-.envrc", ".git/config"));
}

TEST_F(SeveralRoundsTest, WhatTheGuestHasRemovedStaysAwayUnlessItIsMadeAnew) {
  write("gone", "x");
  bring_in();
  bring_out({});
  EXPECT_FALSE(fs::exists(at("gone")));
  EXPECT_THAT(bring_in(), IsEmpty());
  write("gone", "again");
  EXPECT_THAT(bring_out({}), IsEmpty());
  EXPECT_EQ(text("gone"), "again") << "the guest has never seen this one";
  EXPECT_THAT(bring_in(), testing::ElementsAre("gone"));
}

}  // namespace
}  // namespace butler::vm_sandbox::workspace_return_test
