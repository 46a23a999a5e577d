#include "cli/access.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): setenv

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "cli/exit_code.hpp"
#include "unit/temp_folder.hpp"

namespace butler::cli::access_test {
namespace {

class AccessTest : public testing::Test {
 protected:
  AccessTest() {
    ::setenv("BUTLER_HOME", home_.path().c_str(), 1);
    ::setenv("BUTLER_ENV_FILE", (home_.path() / ".env").c_str(), 1);
  }
  ~AccessTest() override {
    ::unsetenv("BUTLER_HOME");
    ::unsetenv("BUTLER_ENV_FILE");
  }
  AccessTest(const AccessTest&) = delete;
  AccessTest& operator=(const AccessTest&) = delete;

  void write(const std::string& name, const std::string& text) const {
    std::ofstream{home_.path() / name} << text;
    std::filesystem::permissions(home_.path() / name, std::filesystem::perms{0600});
  }

  /// nullopt when there is no access.
  static std::optional<std::string> token() {
    std::optional<std::string> token;
    with_access([&](const console::Access& access) {
      token = access.token;
      return exit_ok;
    });
    return token;
  }

 private:
  test::TempFolder home_;
};

constexpr const char* kept = "0123456789abcdef0123456789abcdef0123456789abcdef";

TEST_F(AccessTest, ATokenThatIsEmptyIsTheHomesAsForButlerUp) {
  write(".env", "ORCH_GATEWAY_TOKEN=\n");
  write("secrets.env", std::string{"ORCH_GATEWAY_TOKEN="} + kept + "\nORCH_WORKER_TOKEN=f" + kept + "\n");
  EXPECT_EQ(token(), kept);
}

TEST_F(AccessTest, WithATokenOfItsOwnNoFileOfTheHomesIsNeeded) {
  write(".env", std::string{"ORCH_GATEWAY_TOKEN="} + kept + "\n");
  EXPECT_EQ(token(), kept);
}

}  // namespace
}  // namespace butler::cli::access_test
