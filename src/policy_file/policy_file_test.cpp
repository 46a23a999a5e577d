#include "policy_file/policy_file.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "unit/temp_folder.hpp"

namespace butler::policy_file::policy_file_test {
namespace {

using testing::HasSubstr;

class PolicyFileTest : public testing::Test {
 protected:
  void write(const std::string& text) {
    // A new file each time, as editors do: the old one's clock says nothing about it.
    const auto next = folder_.path() / "next";
    std::ofstream{next} << text;
    ::chmod(next.c_str(), 0600);
    std::filesystem::rename(next, file_);
  }

  PolicyFile open() { return std::move(PolicyFile::open(file_).value()); }

  test::TempFolder folder_;
  std::filesystem::path file_ = folder_.path() / "policy.json";
};

TEST_F(PolicyFileTest, AMissingFileAtTheStartMeansBalanced) {
  auto file = open();
  EXPECT_EQ(file.current()->profile, policy::Profile::balanced);
  EXPECT_FALSE(file.problem());
}

TEST_F(PolicyFileTest, ABrokenFileAtTheStartIsAnErrorThatNamesFileAndPath) {
  write(R"({"profile": "balanced", "rulez": []})");
  const auto opened = PolicyFile::open(file_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error(), HasSubstr(file_.string()));
  EXPECT_THAT(opened.error(), HasSubstr("rulez: is not known here"));
}

TEST_F(PolicyFileTest, AChangedFileIsInForceAtTheNextDecision) {
  write(R"({"profile": "careful"})");
  auto file = open();
  EXPECT_EQ(file.current()->profile, policy::Profile::careful);
  write(R"({"profile": "trusting"})");
  EXPECT_EQ(file.current()->profile, policy::Profile::trusting);
}

TEST_F(PolicyFileTest, AChangeOfTheSameSizeInPlaceIsSeen) {
  write(R"({"profile": "balanced", "chats": {"1": {"hosts": ["a.example"]}}})");
  auto file = open();
  std::ofstream{file_} << R"({"profile": "balanced", "chats": {"1": {"hosts": ["b.example"]}}})";
  EXPECT_THAT(file.current()->chats.at("1").hosts, testing::ElementsAre("b.example"));
}

TEST_F(PolicyFileTest, ABrokenFileKeepsThePolicyAndSaysSoUntilItIsRight) {
  write(R"({"profile": "careful"})");
  auto file = open();
  write("{");
  EXPECT_EQ(file.current()->profile, policy::Profile::careful);
  ASSERT_TRUE(file.problem());
  EXPECT_THAT(*file.problem(), HasSubstr(file_.string()));
  write(R"({"profile": "trusting"})");
  EXPECT_EQ(file.current()->profile, policy::Profile::trusting);
  EXPECT_FALSE(file.problem());
}

TEST_F(PolicyFileTest, AFileThatHasGoneKeepsThePolicy) {
  write(R"({"profile": "careful"})");
  auto file = open();
  std::filesystem::remove(file_);
  EXPECT_EQ(file.current()->profile, policy::Profile::careful);
  ASSERT_TRUE(file.problem());
  EXPECT_THAT(*file.problem(), HasSubstr("it has gone"));
}

TEST_F(PolicyFileTest, AFileThatOthersMayWriteToIsNotTaken) {
  write(R"({"profile": "trusting"})");
  for (const mode_t mode : {0620U, 0602U}) {
    ::chmod(file_.c_str(), mode);
    const auto opened = PolicyFile::open(file_);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error(), HasSubstr("others may write to it"));
  }
}

TEST_F(PolicyFileTest, AFileOfSomebodyElseIsNotTaken) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  write(R"({"profile": "trusting"})");
  ASSERT_EQ(::chown(file_.c_str(), 12345, 12345), 0);
  const auto opened = PolicyFile::open(file_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error(), HasSubstr("belongs to another user"));
}

TEST_F(PolicyFileTest, AFifoIsNotTakenAndDoesNotHoldTheWorkerUp) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  const auto opened = PolicyFile::open(file_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error(), HasSubstr("no regular file"));
}

}  // namespace
}  // namespace butler::policy_file::policy_file_test
