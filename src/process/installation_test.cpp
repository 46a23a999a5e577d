#include "process/installation.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "unit/temp_folder.hpp"

namespace butler::process::installation_test {
namespace {

class InstallationTest : public testing::Test {
 protected:
  void add(const std::string& path) const {
    std::filesystem::create_directories((root() / path).parent_path());
    std::ofstream{root() / path} << "#\n";
  }
  const std::filesystem::path& root() const { return root_.path(); }

 private:
  test::TempFolder root_;
};

TEST_F(InstallationTest, AServiceIsAnInstalledUnitAndASystemdThatRuns) {
  EXPECT_FALSE(is_a_service(root()));
  add("usr/lib/systemd/system/butler.target");
  EXPECT_FALSE(is_a_service(root())) << "in a container nothing starts the unit";
  EXPECT_EQ(start_command(root()), "butler up");
  std::filesystem::create_directories(root() / "run/systemd/system");
  EXPECT_TRUE(is_a_service(root()));
  EXPECT_EQ(start_command(root()), "systemctl start butler.target");
  std::filesystem::remove(root() / "usr/lib/systemd/system/butler.target");
  EXPECT_FALSE(is_a_service(root())) << "systemd alone";
  add("usr/local/lib/systemd/system/butler.target");
  EXPECT_TRUE(is_a_service(root()));
}

TEST_F(InstallationTest, ThePackageMakesUsersWithItsListAndACheckoutWithItsScript) {
  EXPECT_EQ(users_command(root()), "tools/setup/users.sh");
  add("usr/local/lib/sysusers.d/butler.conf");
  EXPECT_EQ(users_command(root()), "systemd-sysusers /usr/local/lib/sysusers.d/butler.conf");
  add("usr/lib/sysusers.d/butler.conf");
  EXPECT_EQ(users_command(root()), "systemd-sysusers /usr/lib/sysusers.d/butler.conf");
}

}  // namespace
}  // namespace butler::process::installation_test
