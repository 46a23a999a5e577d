#include "worker/payload.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "unit/temp_folder.hpp"
#include "worker/test_support.hpp"

namespace butler::worker::payload_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::write_file;

json::Value parsed(std::string_view text) { return json::parse(text).value(); }

TEST(SortedJsonTest, MembersAreInTheOrderOfTheirNamesAtEveryDepth) {
  EXPECT_EQ(sorted_json(parsed(R"({"b":[{"z":1,"a":null}],"a":"x\n","B":{}})")),
            R"({"B":{},"a":"x\n","b":[{"a":null,"z":1}]})");
  EXPECT_EQ(sorted_json(parsed("[]")), "[]");
}

Payload payload() {
  return {.tool_name = "bash",
          .input = parsed(R"({"command":"sh x.sh","timeout":5})"),
          .cwd = "/w",
          .sandbox_profile = "bwrap/1",
          .files = {{"/w/x.sh", "00"}}};
}

TEST(PayloadHashTest, IsTheSha256OfTheSortedText) {
  // printf '%s' '<the text>' | sha256sum
  EXPECT_EQ(
      sorted_json(parsed(
          R"({"toolName":"bash","cwd":"/w","sandboxProfile":"bwrap/1","files":{"/w/x.sh":"00"},"input":{"command":"sh x.sh","timeout":5}})")),
      R"({"cwd":"/w","files":{"/w/x.sh":"00"},"input":{"command":"sh x.sh","timeout":5},"sandboxProfile":"bwrap/1","toolName":"bash"})");
  EXPECT_EQ(payload_hash(payload()), "6e25ecf2f24e4ea675325df30f52a05edeab829cead5a6ca337eda2370b4bcdd");
}

TEST(PayloadHashTest, DoesNotDependOnTheOrderOfTheInput) {
  Payload other = payload();
  other.input = parsed(R"({"timeout":5,"command":"sh x.sh"})");
  EXPECT_EQ(payload_hash(other), payload_hash(payload()));
}

TEST(PayloadHashTest, AnythingElseChangesIt) {
  const auto differs = [](auto change) {
    Payload other = payload();
    change(other);
    return payload_hash(other) != payload_hash(payload());
  };
  EXPECT_TRUE(differs([](Payload& p) { p.tool_name = "write"; }));
  EXPECT_TRUE(differs([](Payload& p) { p.input.as_object()["command"] = "sh x.sh "; }));
  EXPECT_TRUE(differs([](Payload& p) { p.input.as_object()["more"] = true; }));
  EXPECT_TRUE(differs([](Payload& p) { p.cwd = "/"; }));
  EXPECT_TRUE(differs([](Payload& p) { p.sandbox_profile = "none/1"; }));
  EXPECT_TRUE(differs([](Payload& p) { p.files["/w/x.sh"] = "01"; }));
  EXPECT_TRUE(differs([](Payload& p) { p.files.clear(); }));
}

class FingerprintTest : public testing::Test {
 protected:
  FingerprintTest() { fs::create_directory(workspace); }
  std::string of(const fs::path& file) const {
    const auto found = fingerprint(file, workspace);
    return found ? *found : "error: " + found.error();
  }

  test::TempFolder folder;
  fs::path workspace = folder.path() / "workspace";
};

TEST_F(FingerprintTest, FollowsTheContent) {
  write_file(workspace / "x.sh", "");
  EXPECT_EQ(of(workspace / "x.sh"), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  write_file(workspace / "x.sh", "echo");
  EXPECT_EQ(of(workspace / "./x.sh"), of(workspace / "x.sh"));
  EXPECT_NE(of(workspace / "x.sh"), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(of(workspace / "none"), "absent");
  EXPECT_EQ(of(workspace / "x.sh/none"), "absent");
}

TEST_F(FingerprintTest, ALinkInsideTheWorkspaceIsItsTarget) {
  write_file(workspace / "x.sh", "echo");
  fs::create_symlink("x.sh", workspace / "link");
  EXPECT_EQ(of(workspace / "link"), of(workspace / "x.sh"));
}

TEST_F(FingerprintTest, ALinkOutOfTheWorkspaceSaysWhereToAndFollowsTheContent) {
  const auto outside = folder.path() / "outside";
  write_file(outside, "one");
  fs::create_symlink(outside, workspace / "link");
  fs::create_symlink("link", workspace / "chain");
  const auto before = of(workspace / "chain");
  EXPECT_THAT(before, HasSubstr("link " + fs::canonical(outside).string() + " "));
  write_file(outside, "two");
  EXPECT_NE(of(workspace / "chain"), before);
  fs::remove(workspace / "link");
  fs::create_symlink("/usr/bin/env", workspace / "link");
  EXPECT_THAT(of(workspace / "chain"), HasSubstr("link /usr/bin/env"));
}

TEST_F(FingerprintTest, WhatIsNoFileCannotBeApprovedAndHoldsNobodyUp) {
  ASSERT_EQ(::mkfifo((workspace / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(of(workspace / "pipe"), HasSubstr("is no file"));
  EXPECT_THAT(of(workspace), HasSubstr("is no file"));
  EXPECT_THAT(of("/dev/zero"), HasSubstr("is no file"));
}

TEST_F(FingerprintTest, AFileThatIsTooLargeCannotBeApproved) {
  write_file(workspace / "large", "");
  fs::resize_file(workspace / "large", (std::uintmax_t{256} << 20U) + 1);
  EXPECT_THAT(of(workspace / "large"), HasSubstr("too large"));
}

}  // namespace
}  // namespace butler::worker::payload_test
