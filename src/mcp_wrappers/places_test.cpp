#include "mcp_wrappers/places.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "unit/temp_folder.hpp"

namespace butler::mcp_wrappers::places_test {
namespace {

namespace fs = std::filesystem;

class PlacesTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(checkout / "runtime");
    fs::create_directories(checkout / "src");
    std::ofstream{checkout / "CMakeLists.txt"};
    std::ofstream{checkout / "runtime/package.json"};
  }
  Places places_of(const fs::path& home, const fs::path& started_in) const {
    config::Loaded loaded;
    loaded.environment = variables;
    loaded.place.home = home;
    loaded.place.working_directory = started_in;
    return find_places(loaded);
  }

  test::TempFolder folder;
  fs::path checkout = folder.path() / "checkout";
  config::Environment variables;
};

TEST_F(PlacesTest, TheFilesFollowTheHomeAsTheWrappersDo) {
  const auto home = folder.path() / "home";
  for (const auto& started_in : {checkout, folder.path()}) {
    const auto places = places_of(home, started_in);
    EXPECT_EQ(places.manifest, home / "config/mcp-clis.json");
    EXPECT_EQ(places.servers, home / "config/mcporter.json");
    EXPECT_EQ(places.bin, home / "mcp/bin");
  }
}

TEST_F(PlacesTest, TheHomeOfACheckoutHasItsFilesInTheCheckout) {
  for (const auto& started_in : {checkout, folder.path()}) {
    const auto places = places_of(checkout / ".data", started_in);
    EXPECT_EQ(places.manifest, checkout / "config/mcp-clis.json");
    EXPECT_EQ(places.bin, checkout / ".data/mcp/bin");
  }
  EXPECT_EQ(places_of(checkout / "other", checkout).manifest, checkout / "other/config/mcp-clis.json");
  const auto elsewhere = folder.path() / ".data";
  EXPECT_EQ(places_of(elsewhere, checkout).manifest, elsewhere / "config/mcp-clis.json");
}

TEST_F(PlacesTest, ASlashAtTheEndOfTheFolderChangesNothing) {
  variables["BUTLER_MCP_BIN_DIR"] = {.value = "/opt/mcp/bin/", .source = ""};
  const auto places = places_of("/home", "/");
  EXPECT_EQ(places.bin, "/opt/mcp/bin");
  EXPECT_EQ(places.lib, "/opt/mcp/lib");
}

}  // namespace
}  // namespace butler::mcp_wrappers::places_test
