#include "vm_sandbox/surroundings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "vm/image.hpp"
#include "vm_sandbox/guest_files.hpp"

namespace butler::vm_sandbox::surroundings_test {
namespace {

namespace fs = std::filesystem;
using Kind = ArchiveEntry::Kind;

class SurroundingsTest : public testing::Test, protected ArchiveSink {
 protected:
  SurroundingsTest() {
    std::string pattern = "/tmp/butler-surroundings-XXXXXX";
    scratch_ = ::mkdtemp(pattern.data());
    for (const char* const name : {"w", "read", "scratch", "session"})
      fs::create_directories(scratch_ / name);
  }
  ~SurroundingsTest() override { fs::remove_all(scratch_); }
  SurroundingsTest(const SurroundingsTest&) = delete;
  SurroundingsTest& operator=(const SurroundingsTest&) = delete;

  void begin(const ArchiveEntry& entry) override { entries_["/" + entry.path] = entry; }
  void content(std::string_view bytes) override { contents_ += bytes; }

  std::string at(const std::string& name) const { return (scratch_ / name).string(); }
  void write(const std::string& name, const std::string& text, unsigned mode) const {
    std::ofstream{scratch_ / name} << text;
    ::chmod(at(name).c_str(), mode);
  }

  void read(const RunPlan& plan) {
    Surroundings archive(plan);
    ArchiveReader reader({.bytes = 1'000'000}, *this);
    for (auto bytes = archive.next(); !bytes.empty(); bytes = archive.next()) {
      bytes_ += bytes;
      ASSERT_TRUE(reader.feed(bytes));
    }
    EXPECT_TRUE(reader.finished());
    left_out_ = archive.left_out();
  }

  fs::path scratch_;
  std::map<std::string, ArchiveEntry> entries_;
  std::string contents_;
  std::string bytes_;
  std::vector<std::string> left_out_;
};

TEST_F(SurroundingsTest, TreesAndLinksGoWhereTheyAreOutsideAndOnlyTheFolderOfWhatComesBack) {
  write("read/tool", "of root", 0700);
  write("scratch/note", "of the agent", 0600);
  write("session/history", "comes by another way", 0600);
  write("one-file", "alone", 0600);
  read({.arguments = {},
        .environment = {},
        .workspace = at("w"),
        .trees = {{.path = at("session"), .writable = true, .returned = true},
                  {.path = at("scratch"), .writable = true},
                  {.path = at("read")},
                  {.path = at("one-file")},
                  {.path = at("missing")}},
        .links = {{.path = "/far/away/runtime", .target = "/opt/runtime"}},
        .kept = {},
        .store = {},
        .image_kind = {},
        .image_digest = {},
        .folder = {}});
  EXPECT_EQ(entries_.at("/far/away/runtime").kind, Kind::link);
  EXPECT_EQ(entries_.at("/far/away").mode, 0755U);
  EXPECT_EQ(entries_.at(at("read/tool")).mode, 0755U) << "its reader is another user inside";
  EXPECT_EQ(entries_.at(at("one-file")).mode, 0644U);
  EXPECT_EQ(entries_.at(at("scratch/note")).mode, 0600U);
  EXPECT_EQ(entries_.at(at("session")).kind, Kind::folder);
  EXPECT_FALSE(entries_.contains(at("session/history")));
  EXPECT_FALSE(entries_.contains(at("w"))) << "the workspace is a disk of its own";
  EXPECT_THAT(contents_, testing::HasSubstr("of root"));
  EXPECT_THAT(contents_, testing::Not(testing::HasSubstr("another way")));
  EXPECT_THAT(left_out_, testing::ElementsAre(at("missing")));
}

class GuestFilesTest : public SurroundingsTest {
 protected:
  std::expected<GuestFiles, std::string> plan(const std::string& runtime) {
    sandbox::Spec spec{.arguments = {}, .environment = {}};
    spec.workspace = at("w");
    spec.read_only = {at("read"), at("node"), "/usr/bin"};
    spec.read_write = {at("scratch"), at("session")};
    spec.returned = {at("session")};
    const auto mounts = sandbox::plan_mounts(spec, sandbox::host_files());
    if (!mounts) return std::unexpected(mounts.error());
    return plan_guest_files(spec, *mounts, runtime);
  }
};

TEST_F(GuestFilesTest, WhatTheImageHasIsNotCopied) {
  fs::create_directories(scratch_ / "node");
  write("node/package-lock.json", "{}", 0600);
  const auto files = plan(vm::runtime_identity(scratch_ / "node"));
  ASSERT_TRUE(files) << files.error();
  EXPECT_THAT(files->links, testing::Contains(GuestLink{.path = at("node"), .target = vm::runtime_inside}));
  EXPECT_THAT(files->trees,
              testing::UnorderedElementsAre(
                  GuestTree{.path = at("read")}, GuestTree{.path = at("scratch"), .writable = true},
                  GuestTree{.path = at("session"), .writable = true, .returned = true}));
}

TEST_F(GuestFilesTest, AnImageWithAnotherRuntimeIsRefusedAndOneWithoutAnyHasNone) {
  fs::create_directories(scratch_ / "node");
  write("node/package-lock.json", "{}", 0600);
  const auto refused = plan("another");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), testing::HasSubstr("--image full"));
  const auto without = plan("");
  ASSERT_TRUE(without);
  EXPECT_THAT(without->trees, testing::Not(testing::Contains(GuestTree{.path = at("node")})));
}

}  // namespace
}  // namespace butler::vm_sandbox::surroundings_test
