#include "config/runtime.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "config/load.hpp"
#include "unit/temp_folder.hpp"

namespace butler::config::runtime_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RuntimeTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto* const name : {"bin", "node_modules"}) {
      fs::create_directories(real_ / name);
      ::chmod((real_ / name).c_str(), 0755);
    }
    for (const auto* const name : {"bin/node", "bin/pi"}) {
      std::ofstream{real_ / name} << "#!/bin/sh\n";
      ::chmod((real_ / name).c_str(), 0755);
    }
    ::chmod(real_.c_str(), 0755);
    fs::create_directory_symlink("runtime-1", runtime_);
  }
  std::string fault() const { return find_runtime_fault(runtime_).value_or(""); }
  Decoded<WorkerSettings> settings() const {
    Start start{.variables = {{"BUTLER_HOME", folder_.path().string()},
                              {"BUTLER_ENV_FILE", ""},
                              {"ORCH_WORKER_TOKEN", "0123456789abcdef0123456789abcdef"},
                              {"PI_PROVIDER", "anthropic"},
                              {"ANTHROPIC_API_KEY", "k"}},
                .working_directory = folder_.path(),
                .user = ::geteuid(),
                .host_name = "host",
                .pid = 1,
                .program = {}};
    return worker_settings(load(start));
  }

  test::TempFolder folder_;
  fs::path real_ = folder_.path() / "runtime-1";
  fs::path runtime_ = folder_.path() / "runtime";
};

TEST_F(RuntimeTest, OurOwnIsRunAndOneThatIsNotThereIsNoFault) {
  EXPECT_EQ(fault(), "");
  EXPECT_TRUE(settings());
  fs::remove(runtime_);
  EXPECT_EQ(fault(), "");
}

TEST_F(RuntimeTest, NoneIsRunOfWhichOthersMayChangeAnyPart) {
  for (const auto* const name : {"", "bin", "node_modules", "bin/node", "bin/pi"}) {
    const auto path = *name == '\0' ? real_ : real_ / name;
    ::chmod(path.c_str(), 0775);
    EXPECT_THAT(fault(), HasSubstr("other users may write to " + path.string())) << name;
    ::chmod(path.c_str(), 0755);
  }
}

TEST_F(RuntimeTest, NoneIsRunThatAnotherUserHasPutThere) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  for (const auto& path : {runtime_, real_, real_ / "bin", real_ / "bin/node", real_ / "bin/pi"}) {
    ASSERT_EQ(::lchown(path.c_str(), 12345, 12345), 0);
    EXPECT_THAT(fault(), HasSubstr(path.string() + " belongs to another user")) << path;
    EXPECT_THAT(fault(), HasSubstr("`butler runtime install` replaces it"));
    ASSERT_EQ(::lchown(path.c_str(), 0, 0), 0);
  }
}

TEST_F(RuntimeTest, AWorkerDoesNotAcceptThePlantedOneInItsHome) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(::lchown(runtime_.c_str(), 12345, 12345), 0);
  const auto refused = settings();
  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().size(), 1U);
  EXPECT_THAT(refused.error().front().text(), HasSubstr("butler runtime install"));
}

TEST_F(RuntimeTest, IsFoundByTheProgramThatIsStarted) {
  EXPECT_EQ(find_runtime({"/h/runtime/bin/pi", "--x"}), "/h/runtime");
  EXPECT_EQ(find_runtime({(real_ / "bin/pi").string()}), real_);
  for (const auto* const other : {"/usr/bin/pi", "pi", "/h/runtime/bin/node", "/h/runtime/pi"})
    EXPECT_EQ(find_runtime({other}), "") << other;
  EXPECT_EQ(find_runtime({}), "");
}

}  // namespace
}  // namespace butler::config::runtime_test
