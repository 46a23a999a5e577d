#include "files/trusted_path.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "unit/temp_folder.hpp"

namespace butler::files::trusted_path_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class TrustedPathTest : public testing::Test {
 protected:
  void make(const fs::path& name, mode_t mode = 0755) const {
    fs::create_directories(at(name));
    ::chmod(at(name).c_str(), mode);
  }
  void give_away(const fs::path& name) const { ASSERT_EQ(::lchown(at(name).c_str(), 12345, 12345), 0); }

  fs::path at(const fs::path& name) const { return folder_.path() / name; }
  /// "" when it is trusted.
  std::string fault(const fs::path& name) const { return find_path_fault(at(name)).value_or(""); }

  test::TempFolder folder_;
};

TEST_F(TrustedPathTest, WhatIsOursAndClosedIsTrustedAndSoIsWhatIsNotThere) {
  make("own");
  fs::create_directory_symlink("own", at("link"));
  fs::create_directory_symlink("nowhere", at("dangling"));
  for (const auto* const name : {"own", "link", "dangling", "absent", "absent/deeper"})
    EXPECT_EQ(fault(name), "") << name;
}

TEST_F(TrustedPathTest, WhatOthersMayWriteToIsNotTrusted) {
  for (const mode_t mode : {0775U, 0757U, 01777U}) {
    make("open", mode);
    EXPECT_THAT(fault("open"), HasSubstr("other users may write to ")) << mode;
  }
  fs::create_directory_symlink("open", at("link"));
  EXPECT_THAT(fault("link"), HasSubstr("open"));
}

TEST_F(TrustedPathTest, ALinkMayLeadThroughAStickyFolderButThroughNoOtherOpenOne) {
  make("way", 01777);
  make("way/own");
  fs::create_directory_symlink(at("way/own"), at("link"));
  EXPECT_EQ(fault("link"), "");
  make("way", 0777);
  EXPECT_THAT(fault("link"), HasSubstr("other users may write to "));
}

TEST_F(TrustedPathTest, LinksInACircleEnd) {
  fs::create_symlink("b", at("a"));
  fs::create_symlink("a", at("b"));
  EXPECT_THAT(fault("a"), HasSubstr("too many links"));
}

TEST_F(TrustedPathTest, NothingOfAnotherUserIsTrustedWhereverItIsOnTheWay) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  make("own");
  fs::create_directory_symlink("own", at("planted link"));
  give_away("planted link");
  EXPECT_THAT(fault("planted link"), HasSubstr("belongs to another user (uid 12345)"));

  make("planted");
  make("planted/inner");
  give_away("planted");
  fs::create_directory_symlink("planted/inner", at("way through"));
  EXPECT_THAT(fault("planted"), HasSubstr("planted belongs to another user"));
  EXPECT_THAT(fault("way through"), HasSubstr("planted belongs to another user"));
}

}  // namespace
}  // namespace butler::files::trusted_path_test
