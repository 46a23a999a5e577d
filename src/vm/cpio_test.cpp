#include "vm/cpio.hpp"

#include <gtest/gtest.h>

namespace butler::vm::cpio_test {
namespace {

TEST(CpioTest, NamesAndContentsAreAlignedToFourBytes) {
  CpioWriter archive;
  archive.add_folder("bin");
  archive.add_file("bin/a", "abc", 0755);
  archive.add_link("bin/b", "/bin/a");
  archive.add_character_device("dev/console", 5, 1);
  const auto bytes = archive.finish();
  EXPECT_EQ(bytes.size() % 4, 0U);
  for (std::size_t at = bytes.find("070701"); at != std::string::npos; at = bytes.find("070701", at + 1)) {
    EXPECT_EQ(at % 4, 0U);
  }
  EXPECT_EQ(bytes.substr(0, 22), "0707010000000" + std::string("1000041ed"));
  EXPECT_NE(bytes.find("000081ed"), std::string::npos) << "a file with mode 0755";
  EXPECT_NE(bytes.find("0000a1ff"), std::string::npos) << "a link";
  EXPECT_NE(bytes.find("TRAILER!!!"), std::string::npos);
}

}  // namespace
}  // namespace butler::vm::cpio_test
