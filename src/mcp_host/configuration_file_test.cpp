#include "mcp_host/configuration_file.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "log/log.hpp"
#include "unit/temp_folder.hpp"

namespace butler::mcp_host::configuration_file_test {
namespace {

using testing::HasSubstr;

class McpConfigurationFile : public testing::Test {
 protected:
  void write(const std::string& text, mode_t mode = 0600) {
    std::ofstream{file} << text;
    ASSERT_EQ(::chmod(file.c_str(), mode), 0);
  }
  void write_server(const std::string& name) {
    write(R"({"servers":{")" + name + R"(":{"command":["a"],"env":{"T":"secret-of-)" + name +
          R"("},"tools":["*"]}}})");
  }
  std::string problem() {
    const auto opened = ConfigurationFile::open(file);
    return opened ? "none" : opened.error();
  }

  test::TempFolder folder;
  std::filesystem::path file = folder.path() / "mcp-host.json";
};

TEST_F(McpConfigurationFile, WithoutOneThereAreNoServers) {
  auto opened = ConfigurationFile::open(file);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->find("notes"), nullptr);
}

TEST_F(McpConfigurationFile, ItsSecretsAreKeptOutOfTheLog) {
  write_server("logged");
  ASSERT_TRUE(ConfigurationFile::open(file));
  EXPECT_THAT(log::format_line(log::Level::info, "x", {{"y", "secret-of-logged"}}), HasSubstr("[redacted]"));
}

TEST_F(McpConfigurationFile, OneThatOthersMayReadIsRefused) {
  for (const mode_t mode : {0640U, 0604U, 0620U, 0601U}) {
    write(R"({"servers":{}})", mode);
    EXPECT_THAT(problem(), HasSubstr("chmod 600")) << mode;
  }
  write(R"({"servers":{}})", 0400);
  EXPECT_EQ(problem(), "none");
}

TEST_F(McpConfigurationFile, ALinkInItsPlaceIsRefused) {
  write(R"({"servers":{}})");
  const auto other = folder.path() / "other.json";
  std::filesystem::rename(file, other);
  std::filesystem::create_symlink(other, file);
  EXPECT_THAT(problem(), HasSubstr("it is a link"));
}

TEST_F(McpConfigurationFile, WhatIsNoFileIsRefusedWithoutAWait) {
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_THAT(problem(), HasSubstr("no regular file"));
}

TEST_F(McpConfigurationFile, WhatItHoldsIsNamedWhenItIsWrong) {
  write(R"({"servers":{"notes":{}}})");
  EXPECT_THAT(problem(), HasSubstr("servers/notes"));
  EXPECT_THAT(problem(), HasSubstr(file.string()));
}

TEST_F(McpConfigurationFile, AChangeCountsAtOnce) {
  write_server("one");
  auto opened = ConfigurationFile::open(file).value();
  const auto one = opened.find("one");
  EXPECT_NE(one, nullptr);
  EXPECT_EQ(opened.find("one"), one) << "the same as long as the file is";
  write_server("two");
  EXPECT_EQ(opened.find("one"), nullptr);
  EXPECT_NE(opened.find("two"), nullptr);
  std::filesystem::remove(file);
  EXPECT_EQ(opened.find("two"), nullptr);
}

TEST_F(McpConfigurationFile, AWrongOneKeepsTheServersThatWereReadBefore) {
  write_server("one");
  auto opened = ConfigurationFile::open(file).value();
  write("{");
  EXPECT_NE(opened.find("one"), nullptr);
  write(R"({"servers":{}})", 0644);
  EXPECT_NE(opened.find("one"), nullptr);
  write(R"({"servers":{}})");
  EXPECT_EQ(opened.find("one"), nullptr);
}

}  // namespace
}  // namespace butler::mcp_host::configuration_file_test
