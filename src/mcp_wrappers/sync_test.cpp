#include "mcp_wrappers/sync.hpp"

#include <gmock/gmock.h>

#include "digest/sha256.hpp"
#include "mcp_wrappers/launcher.hpp"
#include "unit/temp_folder.hpp"

namespace butler::mcp_wrappers::sync_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SilentListener final : public SyncListener {
 public:
  void on_step(const std::string& /*target*/, const char* /*step*/) override {}
  void on_target(const TargetReport& /*report*/) override {}
};

class SyncTest : public testing::Test {
 protected:
  void SetUp() override {
    const Digests digests{.inputs = digest::sha256_hex("inputs"), .program = digest::sha256_hex("program")};
    put_in_place(site.places, "old",
                 {.launcher = render_launcher({.name = "old", .selector = "old"}, {}, "/node",
                                              site.places.lib / "old.mjs", digests),
                  .program = marked_as_ours("program"),
                  .types = std::nullopt,
                  .warnings = {}});
  }
  std::vector<std::string> removed_by(const SyncOptions& options) const {
    // It fails before anything is started: its server is not there.
    const Wanted wanted{.targets = {{.name = "new", .selector = "nobody"}}, .servers = {}};
    SilentListener listener;
    return sync_wrappers(site, wanted, options, listener).removed;
  }

  test::TempFolder folder;
  Site site{.places = make_places(folder.path() / "config", folder.path() / "mcp/bin", "/runtime"),
            .user = {},
            .variables = {},
            .mcporter = "1"};
};

TEST_F(SyncTest, RemovesNothingWhenItIsForSomeTargets) {
  EXPECT_THAT(removed_by({.only = {"new"}}), IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(site.places.bin / "old"));
}

TEST_F(SyncTest, OfAllTargetsRemovesWhatNoneAsksFor) {
  EXPECT_THAT(removed_by({}), ElementsAre("old"));
  EXPECT_FALSE(std::filesystem::exists(site.places.bin / "old"));
  EXPECT_FALSE(std::filesystem::exists(site.places.lib / "old.mjs"));
}

}  // namespace
}  // namespace butler::mcp_wrappers::sync_test
