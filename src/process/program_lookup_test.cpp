#include "process/program_lookup.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace butler::process::program_lookup_test {
namespace {

using testing::HasSubstr;

class ProgramLookup : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "butler-lookup-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  void make(const std::string& name, mode_t mode) const {
    std::filesystem::create_directories((folder / name).parent_path());
    std::ofstream{folder / name} << "#!/bin/sh\n";
    ::chmod((folder / name).c_str(), mode);
  }
  std::string path(const std::string& value) const { return "PATH=" + value; }

  std::filesystem::path folder;
};

TEST_F(ProgramLookup, TheFirstRunnableFileOfThePathIsTaken) {
  make("a/tool", 0644);
  make("b/tool", 0755);
  make("c/tool", 0755);
  std::filesystem::create_directories(folder / "a/sub");
  const auto value =
      path((folder / "a").string() + ":" + (folder / "b").string() + ":" + (folder / "c").string());

  EXPECT_EQ(find_program({"tool"}, {"X=1", value}, "/"), (folder / "b/tool").string());
  EXPECT_THAT(find_program({"sub"}, {value}, "/").error(), HasSubstr("cannot start 'sub': not found, PATH="));
}

TEST_F(ProgramLookup, RelativeNamesAndFoldersAreSeenFromTheWorkingDirectory) {
  make("bin/tool", 0755);
  make("here", 0755);
  EXPECT_EQ(find_program({"bin/tool"}, {}, folder), "bin/tool");
  EXPECT_EQ(find_program({"tool"}, {"PATH=bin"}, folder), "bin/tool");
  EXPECT_EQ(find_program({"here"}, {"PATH=/nowhere:"}, folder), "./here");
  EXPECT_EQ(find_program({"./absent"}, {}, folder).error(),
            "cannot start './absent': No such file or directory");
}

TEST_F(ProgramLookup, WhatIsWrongIsNamed) {
  make("bin/tool", 0644);
  EXPECT_EQ(find_program({}, {}, "/").error(), "cannot start a program without a name");
  EXPECT_EQ(find_program({folder / "bin/tool"}, {}, "/").error(),
            "cannot start '" + (folder / "bin/tool").string() + "': Permission denied");
  EXPECT_THAT(find_program({"tool"}, {path((folder / "bin").string())}, "/").error(),
              HasSubstr("it may not be run (permission denied)"));
  EXPECT_THAT(find_program({"sh"}, {}, folder / "absent").error(), HasSubstr("absent does not exist"));
}

TEST_F(ProgramLookup, WithoutAPathTheUsualFoldersAreSearched) { EXPECT_TRUE(find_program({"sh"}, {}, "/")); }

}  // namespace
}  // namespace butler::process::program_lookup_test
