#include "files/whole_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include "unit/temp_folder.hpp"

namespace butler::files::whole_file_test {
namespace {

class WholeFileTest : public testing::Test {
 protected:
  std::string content() const {
    std::ifstream in{file_};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  unsigned mode() const {
    struct stat status{};
    EXPECT_EQ(::lstat(file_.c_str(), &status), 0);
    return status.st_mode & 07777U;
  }
  /// How many files lie in the folder.
  auto count() const {
    return std::distance(std::filesystem::directory_iterator{folder_.path()},
                         std::filesystem::directory_iterator{});
  }

  test::TempFolder folder_;
  std::filesystem::path file_ = folder_.path() / "file";
};

TEST_F(WholeFileTest, IsItsOwnersAloneUnlessItIsSaid) {
  write_whole_file(file_, "one");
  EXPECT_EQ(content(), "one");
  EXPECT_EQ(mode(), 0600U);
  write_whole_file(file_, "two", 0644);
  EXPECT_EQ(content(), "two");
  EXPECT_EQ(mode(), 0644U);
  EXPECT_EQ(count(), 1);
}

TEST_F(WholeFileTest, TakesTheFilesOwnPlaceAndNotWhereALinkLeads) {
  const auto target = folder_.path() / "target";
  std::ofstream{target} << "theirs";
  std::filesystem::create_symlink(target, file_);
  write_whole_file(file_, "ours");
  EXPECT_FALSE(std::filesystem::is_symlink(file_));
  EXPECT_EQ(std::filesystem::file_size(target), 6U);
}

TEST_F(WholeFileTest, LeavesNothingBehindWhenItsPlaceIsTaken) {
  std::filesystem::create_directory(file_);
  EXPECT_THROW(write_whole_file(file_, "text"), std::system_error);
  EXPECT_EQ(count(), 1);
}

TEST_F(WholeFileTest, IsWrittenOnce) {
  EXPECT_TRUE(write_whole_file_once(file_, "first"));
  EXPECT_FALSE(write_whole_file_once(file_, "second"));
  EXPECT_EQ(content(), "first");
  EXPECT_EQ(mode(), 0600U);
  EXPECT_EQ(count(), 1);
}

}  // namespace
}  // namespace butler::files::whole_file_test
