#include "cli/installation_command.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace butler::cli::installation_command_test {
namespace {

namespace fs = std::filesystem;

class RuntimeScriptTest : public testing::Test {
 protected:
  RuntimeScriptTest() {
    std::string pattern = (fs::temp_directory_path() / "butler-installation-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~RuntimeScriptTest() override { fs::remove_all(root_); }
  RuntimeScriptTest(const RuntimeScriptTest&) = delete;
  RuntimeScriptTest& operator=(const RuntimeScriptTest&) = delete;

  fs::path add_script(const fs::path& folder) const {
    const auto script = root_ / folder / "tools/setup/runtime.sh";
    fs::create_directories(script.parent_path());
    std::ofstream{script} << "#!/bin/sh\n";
    return script;
  }

  fs::path root_;
};

TEST_F(RuntimeScriptTest, AnInstallationHasItBesideTheProgram) {
  const auto script = add_script("lib/butler");
  EXPECT_EQ(find_runtime_script(root_ / "lib/butler/butler"), script);
}

TEST_F(RuntimeScriptTest, ACheckoutHasItAboveTheBuild) {
  const auto script = add_script("checkout");
  EXPECT_EQ(find_runtime_script(root_ / "checkout/build/release/butler"), script);
}

TEST_F(RuntimeScriptTest, AProgramThatWasCopiedAwayHasNone) {
  EXPECT_EQ(find_runtime_script(root_ / "somewhere/bin/butler"), std::nullopt);
}

}  // namespace
}  // namespace butler::cli::installation_command_test
