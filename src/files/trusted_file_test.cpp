#include "files/trusted_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "unit/temp_folder.hpp"

namespace butler::files::trusted_file_test {
namespace {

class TrustedFileTest : public testing::Test {
 protected:
  void write(mode_t mode) const {
    std::ofstream{file_} << "text";
    ::chmod(file_.c_str(), mode);
  }

  /// What is wrong with it, "" when it can be read.
  std::string fault(Holds holds) const {
    const auto found = read_trusted_file(file_, holds);
    return found ? "" : found.error();
  }

  test::TempFolder folder_;
  std::filesystem::path file_ = folder_.path() / "file";
};

TEST_F(TrustedFileTest, WhatIsNotThereIsNoError) {
  EXPECT_EQ(read_trusted_file(file_, Holds::settings).value(), std::nullopt);
  EXPECT_EQ(read_trusted_file(file_, Holds::secrets).value(), std::nullopt);
}

TEST_F(TrustedFileTest, OthersMayReadSettingsButNotWriteThem) {
  write(0644);
  EXPECT_EQ(read_trusted_file(file_, Holds::settings).value(), "text");
  for (const mode_t mode : {0620U, 0602U}) {
    write(mode);
    EXPECT_EQ(fault(Holds::settings), "others may write to it; run: chmod go-w on it");
  }
}

TEST_F(TrustedFileTest, SecretsAreForTheirOwnerAlone) {
  write(0600);
  EXPECT_EQ(read_trusted_file(file_, Holds::secrets).value(), "text");
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0610U}) {
    write(mode);
    EXPECT_EQ(fault(Holds::secrets), "it holds secrets, and others may read it; run: chmod 600 on it");
  }
}

TEST_F(TrustedFileTest, ALinkMayLeadToSettingsButNotToSecrets) {
  const auto target = folder_.path() / "target";
  std::ofstream{target} << "text";
  ::chmod(target.c_str(), 0600);
  std::filesystem::create_symlink(target, file_);
  EXPECT_EQ(read_trusted_file(file_, Holds::settings).value(), "text");
  EXPECT_EQ(fault(Holds::secrets), "it is a link; put the file itself there");
}

TEST_F(TrustedFileTest, AFileOfSomebodyElseIsNotRead) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  write(0600);
  ASSERT_EQ(::chown(file_.c_str(), 12345, 12345), 0);
  for (const auto holds : {Holds::settings, Holds::secrets}) {
    EXPECT_EQ(fault(holds),
              "it belongs to another user; give it to the user that the worker runs as, with chown");
  }
}

TEST_F(TrustedFileTest, AFifoHoldsNobodyUp) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  EXPECT_EQ(fault(Holds::settings), "it is no regular file");
}

TEST_F(TrustedFileTest, AFileMayHaveOneMebibyte) {
  constexpr std::uintmax_t mebibyte = 1024UL * 1024;
  write(0600);
  std::filesystem::resize_file(file_, mebibyte);
  EXPECT_EQ(fault(Holds::settings), "");
  std::filesystem::resize_file(file_, mebibyte + 1);
  EXPECT_EQ(fault(Holds::settings), "it is larger than 1 MiB");
}

}  // namespace
}  // namespace butler::files::trusted_file_test
