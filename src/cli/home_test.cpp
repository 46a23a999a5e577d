#include "cli/home.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include "cli/home_lock.hpp"
#include "cli/local_secrets.hpp"
#include "config/local_secrets.hpp"

namespace butler::cli::home_test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

mode_t mode_of(const fs::path& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777U;
}

uid_t owner_of(const fs::path& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_uid;
}

class HomeTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "butler-home-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    ::chmod(folder.c_str(), 0711);
    home = folder / "home";
  }
  void TearDown() override { fs::remove_all(folder); }

  config::Loaded loaded() const {
    config::Loaded result;
    result.place.home = home;
    return result;
  }

  fs::path folder;
  fs::path home;
};

TEST_F(HomeTest, AnOwnHomeIsMadePrivate) {
  prepare_own_home(home / "deeper");
  EXPECT_EQ(mode_of(home / "deeper"), 0700U);
  prepare_own_home(home / "deeper");
}

class SharedHomeTest : public HomeTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root shares a home with its roles";
    HomeTest::SetUp();
  }
  static constexpr HomeOwners owners{.control = {.uid = 4'001, .gid = 4'001},
                                     .agent = {.uid = 4'002, .gid = 4'002}};

  /// Whether somebody who is not root can do it.
  static bool may(process::SystemUser user, const std::function<bool()>& action) {
    const pid_t child = ::fork();
    if (child == 0) {
      const bool dropped = ::setgid(user.gid) == 0 && ::setuid(user.uid) == 0;
      ::_exit(dropped && action() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
};

TEST_F(SharedHomeTest, EachPartBelongsToItsRole) {
  prepare_shared_home(home, owners);
  prepare_shared_home(home, owners);
  EXPECT_EQ(owner_of(home), 0U);
  EXPECT_EQ(mode_of(home), 01771U);
  for (const auto* const name :
       {"workspace", "sessions", "agent", "people", "groups", "worker", "mcp/host"}) {
    EXPECT_EQ(owner_of(home / name), owners.agent.uid) << name;
    EXPECT_EQ(mode_of(home / name), 0700U) << name;
  }
  EXPECT_EQ(owner_of(home / "mcp"), 0U);
  EXPECT_EQ(mode_of(home / "mcp"), 0755U);
}

TEST_F(SharedHomeTest, TheControlUserAddsFilesButReplacesNone) {
  prepare_shared_home(home, owners);
  std::ofstream{home / "secrets.env"} << "x";
  ::chmod((home / "secrets.env").c_str(), 0600);
  const auto database = (home / "state.db").string();
  const auto secrets = (home / "secrets.env").string();
  EXPECT_TRUE(
      may(owners.control, [&] { return std::ofstream{database}.good() && ::unlink(database.c_str()) == 0; }));
  EXPECT_FALSE(may(owners.control, [&] { return std::ifstream{secrets}.good(); }));
  EXPECT_FALSE(may(owners.control, [&] { return ::unlink(secrets.c_str()) == 0; }));
  EXPECT_FALSE(may(owners.control, [&] { return ::access((home / "workspace").c_str(), R_OK) == 0; }));
  EXPECT_FALSE(may(owners.agent,
                   [&] { return ::access(home.c_str(), R_OK) == 0 || ::access(home.c_str(), W_OK) == 0; }));
  EXPECT_TRUE(may(owners.agent, [&] { return ::access((home / "workspace").c_str(), R_OK | W_OK) == 0; }));
}

TEST_F(SharedHomeTest, FoldersThatAreMissingOnTheWayToItAreOpenWhateverTheUmask) {
  const auto before = ::umask(0077);
  EXPECT_NO_THROW(prepare_shared_home(folder / "a/b/home", owners));
  EXPECT_EQ(::umask(before), 0077U) << "what is made later is still its user's alone";
  EXPECT_EQ(mode_of(folder / "a"), 0755U);
  EXPECT_EQ(mode_of(folder / "a/b"), 0755U);
  EXPECT_EQ(mode_of(folder / "a/b/home/agent"), 0700U);
}

TEST_F(SharedHomeTest, AFolderOfSomebodyElseAndAClosedOneAreRefused) {
  const auto refusal = [&](const fs::path& place) -> std::string {
    try {
      prepare_shared_home(place, owners);
    } catch (const std::exception& fault) {
      return fault.what();
    }
    return "";
  };
  fs::create_directory(home);
  ASSERT_EQ(::chown(home.c_str(), 4'003, 4'003), 0);
  EXPECT_THAT(refusal(home), HasSubstr("belongs to another user"));

  fs::create_directory(folder / "closed");
  ::chmod((folder / "closed").c_str(), 0700);
  EXPECT_THAT(refusal(folder / "closed/home"), HasSubstr("is closed to others; set BUTLER_HOME"));

  fs::create_directory_symlink("/etc", folder / "link");
  EXPECT_NE(refusal(folder / "link"), "");
}

TEST_F(SharedHomeTest, TheFolderOfThePolicyIsRootsAndTheWorkerReadsIt) {
  prepare_shared_home(home, owners);
  EXPECT_EQ(owner_of(home / "config"), 0U);
  EXPECT_EQ(mode_of(home / "config"), 0755U);
  const auto policy = (home / "config/policy.json").string();
  std::ofstream{policy} << "{}";
  ::chmod(policy.c_str(), 0644);
  EXPECT_TRUE(may(owners.agent, [&] { return std::ifstream{policy}.good(); }));
  EXPECT_FALSE(may(owners.control, [&] { return ::unlink(policy.c_str()) == 0; }));
  EXPECT_FALSE(may(owners.control, [&] { return ::rename(policy.c_str(), (policy + "2").c_str()) == 0; }));
  EXPECT_FALSE(may(owners.control,
                   [&] { return ::rename((home / "config").c_str(), (home / "elsewhere").c_str()) == 0; }));

  ::chmod((home / "config").c_str(), 0777);
  prepare_shared_home(home, owners);
  EXPECT_EQ(mode_of(home / "config"), 0755U);
}

TEST_F(SharedHomeTest, AFolderOfThePolicyThatSomebodyElseHasMadeIsRefused) {
  const auto refusal = [&]() -> std::string {
    try {
      prepare_shared_home(home, owners);
    } catch (const std::exception& fault) {
      return fault.what();
    }
    return "";
  };
  prepare_shared_home(home, owners);
  fs::remove(home / "config");
  ASSERT_TRUE(may(owners.control, [&] { return ::mkdir((home / "config").c_str(), 0755) == 0; }));
  EXPECT_THAT(refusal(), HasSubstr("run: chown root: " + (home / "config").string()));
  fs::remove(home / "config");
  ASSERT_TRUE(may(owners.control, [&] { return ::symlink("/etc", (home / "config").c_str()) == 0; }));
  EXPECT_THAT(refusal(), HasSubstr("is no folder: move it away"));
}

TEST_F(SharedHomeTest, ALinkInPlaceOfAnAgentsFolderIsNotFollowed) {
  prepare_shared_home(home, owners);
  fs::create_directory(folder / "precious");
  fs::remove(home / "sessions");
  fs::create_directory_symlink(folder / "precious", home / "sessions");
  EXPECT_THROW(prepare_shared_home(home, owners), std::exception);
  EXPECT_EQ(owner_of(folder / "precious"), 0U);
}

TEST_F(HomeTest, TheLockNamesItsHolder) {
  fs::create_directory(home);
  {
    const auto first = HomeLock::take(home);
    ASSERT_TRUE(first);
    const auto second = HomeLock::take(home);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error(),
                HasSubstr("Butler runs already: process " + std::to_string(::getpid()) + ", started 20"));
  }
  EXPECT_TRUE(HomeLock::take(home)) << "it goes with its holder";
  EXPECT_EQ(mode_of(home / "butler.lock"), 0600U);
}

TEST_F(HomeTest, MissingSecretsAreMadeOnceAndKept) {
  fs::create_directory(home);
  auto first = loaded();
  EXPECT_THAT(config::missing_api_secrets(first.environment),
              ElementsAre("ORCH_GATEWAY_TOKEN", "ORCH_WORKER_TOKEN"));
  add_local_secrets(first);
  EXPECT_THAT(first.problems, IsEmpty());
  const auto& gateway = first.environment.at("ORCH_GATEWAY_TOKEN");
  EXPECT_THAT(gateway.value, MatchesRegex("[0-9a-f]{64}"));
  EXPECT_EQ(gateway.source, (home / "secrets.env").string() + ":2");
  EXPECT_NE(gateway.value, first.environment.at("ORCH_WORKER_TOKEN").value);
  EXPECT_EQ(mode_of(home / "secrets.env"), 0600U);

  auto second = loaded();
  second.environment["ORCH_WORKER_TOKEN"] = config::Entry{"given", "environment"};
  add_local_secrets(second);
  EXPECT_EQ(second.environment.at("ORCH_GATEWAY_TOKEN"), gateway);
  EXPECT_EQ(second.environment.at("ORCH_WORKER_TOKEN").value, "given");
}

TEST_F(HomeTest, NothingIsWrittenWhenBothSecretsAreGiven) {
  fs::create_directory(home);
  auto given = loaded();
  given.environment["ORCH_GATEWAY_TOKEN"] = config::Entry{"a", "environment"};
  given.environment["ORCH_WORKER_TOKEN"] = config::Entry{"b", "environment"};
  add_local_secrets(given);
  EXPECT_FALSE(fs::exists(home / "secrets.env"));
}

TEST_F(HomeTest, ASecretsFileThatOthersCanReadIsNotTrusted) {
  fs::create_directory(home);
  auto first = loaded();
  add_local_secrets(first);
  ::chmod((home / "secrets.env").c_str(), 0644);
  auto second = loaded();
  add_local_secrets(second);
  ASSERT_EQ(second.problems.size(), 1U);
  EXPECT_THAT(second.problems[0].text(), HasSubstr("chmod 600 it"));
  EXPECT_THAT(second.environment, IsEmpty());
}

}  // namespace
}  // namespace butler::cli::home_test
