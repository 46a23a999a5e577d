#include "files/file_draft.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <system_error>

#include "files/folder.hpp"
#include "unit/temp_folder.hpp"

namespace butler::files::file_draft_test {
namespace {

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class FileDraftTest : public testing::Test {
 protected:
  std::vector<std::string> names() { return names_in(folder.path()); }

  test::TempFolder folder;
  std::filesystem::path place = folder.path() / "photo.jpg";
};

TEST_F(FileDraftTest, TakesItsPlaceWholeAndForItsOwnerOnly) {
  FileDraft draft(place);
  draft.add("first ");
  draft.add("second");
  EXPECT_FALSE(std::filesystem::exists(place)) << "before it is whole";

  draft.publish(place);

  EXPECT_EQ(content(place), "first second");
  EXPECT_EQ(draft.size(), 12U);
  struct stat status{};
  ASSERT_EQ(::stat(place.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(names(), std::vector<std::string>{"photo.jpg"});
}

TEST_F(FileDraftTest, LeavesNothingWhenItIsGivenUp) {
  {
    FileDraft draft(place);
    draft.add(std::string(5U << 20U, 'x'));
    EXPECT_EQ(names().size(), 1U);
    const FileDraft moved(std::move(draft));
  }
  EXPECT_TRUE(names().empty());
}

TEST_F(FileDraftTest, WhatNeedNotOutliveAPowerCutTakesItsPlaceAtOnce) {
  {
    FileDraft draft(place);
    draft.add("content");
    draft.take_place(place);
  }
  EXPECT_EQ(content(place), "content");
  EXPECT_EQ(names(), std::vector<std::string>{"photo.jpg"});
}

TEST_F(FileDraftTest, APublishedOneStaysWhenItsDraftEnds) {
  {
    FileDraft draft(place);
    draft.publish(place);
  }
  EXPECT_EQ(names(), std::vector<std::string>{"photo.jpg"});
}

TEST_F(FileDraftTest, AFolderThatIsNotThereIsAFaultThatNamesTheFile) {
  try {
    const FileDraft draft(folder.path() / "none" / "file");
    FAIL() << "it has begun a file nowhere";
  } catch (const std::system_error& fault) {
    EXPECT_NE(std::string{fault.what()}.find("none/file"), std::string::npos);
    EXPECT_EQ(fault.code(), std::errc::no_such_file_or_directory);
  }
}

}  // namespace
}  // namespace butler::files::file_draft_test
