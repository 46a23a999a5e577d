#include "config/load.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace butler::config::load_test {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;

class LoadTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "butler-load-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = fs::canonical(pattern);
    start.working_directory = folder;
    start.user = 1'000;
    start.host_name = "laptop.local";
    start.pid = 7;
    start.variables["HOME"] = (folder / "ada").string();
  }
  void TearDown() override { fs::remove_all(folder); }

  void write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    fs::create_directories((folder / name).parent_path());
    std::ofstream{folder / name} << text;
    ::chmod((folder / name).c_str(), mode);
  }
  void make_checkout() const {
    write("CMakeLists.txt", "");
    write("runtime/package.json", "{}");
    fs::create_directories(folder / "src");
  }
  std::string path(const std::string& name) const { return (folder / name).string(); }

  fs::path folder;
  Start start;
};

TEST_F(LoadTest, TheHomeDependsOnWhoStartsItAndWhere) {
  EXPECT_EQ(load(start).place.home, folder / "ada/.butler");
  start.variables["BUTLER_HOME"] = "else/where/";
  EXPECT_EQ(load(start).place.home, folder / "else/where");
  start.variables.erase("BUTLER_HOME");
  make_checkout();
  EXPECT_EQ(load(start).place.home, folder / ".data");
  start.user = 0;
  EXPECT_EQ(load(start).place.home, "/var/lib/butler");
}

TEST_F(LoadTest, TheEnvironmentGoesBeforeTheFile) {
  make_checkout();
  write(".env", "ORCH_PORT=1\nTZ=UTC\nBUTLER_HOME=state\n");
  start.variables["ORCH_PORT"] = "2";
  start.variables["TZ"] = "";
  const auto loaded = load(start);
  EXPECT_EQ(loaded.environment.at("ORCH_PORT"), (Entry{"2", "environment"}));
  EXPECT_EQ(loaded.environment.at("TZ"), (Entry{"UTC", path(".env") + ":2"}));
  EXPECT_EQ(loaded.place.home, folder / "state");
  EXPECT_EQ(loaded.env_file, folder / ".env");
  EXPECT_THAT(loaded.problems, IsEmpty());
}

TEST_F(LoadTest, TheFileIsTheNamedOneOrTheCheckoutsOrTheHomes) {
  write("ada/.butler/.env", "TZ=home\n");
  EXPECT_EQ(load(start).environment.at("TZ").value, "home");
  write(".env", "TZ=here\n");
  EXPECT_EQ(load(start).environment.at("TZ").value, "here");
  write("other.env", "TZ=other\n");
  start.variables["BUTLER_ENV_FILE"] = "other.env";
  EXPECT_EQ(load(start).environment.at("TZ").value, "other");
  start.variables["BUTLER_ENV_FILE"] = "";
  EXPECT_FALSE(load(start).environment.contains("TZ"));
}

TEST_F(LoadTest, ANamedFileThatCannotBeReadIsAProblem) {
  start.variables["BUTLER_ENV_FILE"] = "absent.env";
  EXPECT_EQ(load(start).problems.at(0).text(),
            path("absent.env") + ": cannot be read: No such file or directory");
  start.variables["BUTLER_ENV_FILE"] = ".";
  EXPECT_THAT(load(start).problems, testing::SizeIs(1));
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  start.variables["BUTLER_ENV_FILE"] = "fifo";
  EXPECT_THAT(load(start).problems, testing::SizeIs(1));
}

TEST_F(LoadTest, AFileThatOthersCanReadIsWarnedOf) {
  write(".env", "TZ=UTC\n", 0644);
  EXPECT_THAT(load(start).warnings, ElementsAre(HasSubstr("can be read by other users: chmod 600 it")));
  write(".env", "TZ=UTC\n", 0600);
  EXPECT_THAT(load(start).warnings, IsEmpty());
}

TEST_F(LoadTest, ProblemsOfTheFileAndOfTheRoleComeTogether) {
  write(".env", "what is this\nORCH_PORT=x\nORCH_WORKER_TOKEN=worker-0123456789-abcdef\n");
  const auto problems = worker_settings(load(start)).error();
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].text(), path(".env") + ":1: expected NAME=value or a # comment");
  EXPECT_EQ(problems[1].text(),
            "ORCH_PORT (" + path(".env") + ":2): expected a whole number from 1 to 65535, got 'x'");
}

TEST_F(LoadTest, AProblemOfSeveralRolesIsToldOnce) {
  start.variables["ORCH_PORT"] = "x";
  std::vector<std::string> names;
  for (const auto& problem : find_problems(load(start))) names.push_back(problem.name);
  EXPECT_THAT(names, testing::UnorderedElementsAre("ORCH_PORT", "ORCH_GATEWAY_TOKEN", "ORCH_WORKER_TOKEN",
                                                   "TELEGRAM_BOT_TOKEN", "TG_OWNER_IDS"));
}

TEST_F(LoadTest, TheAgentsModelsFileNamesTheKeysOfItsProvider) {
  write("ada/.butler/agent/models.json", R"({"providers": {"mine": {"apiKey": "$MY_KEY"}}})");
  start.variables["PI_PROVIDER"] = "mine";
  start.variables["MY_KEY"] = "k";
  start.variables["ORCH_WORKER_TOKEN"] = "worker-0123456789-abcdef";
  const auto worker = worker_settings(load(start));
  ASSERT_TRUE(worker);
  EXPECT_THAT(worker->provider_keys, ElementsAre(Key("MY_KEY")));
  EXPECT_EQ(worker->worker_id, "laptop.local-7");
}

TEST_F(LoadTest, AProviderWithoutAKeyIsWarnedOf) {
  start.variables["PI_PROVIDER"] = "anthropic";
  EXPECT_THAT(load(start).warnings, ElementsAre("PI_PROVIDER=anthropic has no key: set ANTHROPIC_API_KEY"));
  write("ada/.butler/agent/auth.json", "{}");
  EXPECT_THAT(load(start).warnings, IsEmpty());
}

TEST_F(LoadTest, AWorkspaceThatHoldsSecretsOrStateIsRefusedInRpc) {
  start.variables["ORCH_WORKER_TOKEN"] = "worker-0123456789-abcdef";
  start.variables["PI_EXEC_MODE"] = "rpc";
  start.variables["BUTLER_HOME"] = "home";
  write("project/.env", "A=1\n");
  write("database/state.db", "");
  write("conf/butler.env", "A=1\n");
  start.variables["BUTLER_ENV_FILE"] = "conf/butler.env";
  fs::create_directories(folder / "home");
  fs::create_directory_symlink(folder / "home", folder / "link");
  for (const auto* const workspace : {".", "home", "home/", "project", "database", "conf", "link", "/"}) {
    start.variables["PI_WORKSPACE"] = workspace;
    const auto worker = worker_settings(load(start));
    ASSERT_FALSE(worker) << workspace;
    EXPECT_EQ(worker.error().at(0).name, "PI_WORKSPACE") << workspace;
  }
  for (const auto* const workspace : {"home/workspace", "elsewhere", "homely"}) {
    start.variables["PI_WORKSPACE"] = workspace;
    EXPECT_TRUE(worker_settings(load(start))) << workspace;
  }
  start.variables["PI_EXEC_MODE"] = "mock";
  start.variables["PI_WORKSPACE"] = "project";
  EXPECT_TRUE(worker_settings(load(start)));
}

TEST_F(LoadTest, AnInstalledProgramHasNoCheckout) {
  make_checkout();
  start.program = path("build/release/butler");
  EXPECT_EQ(env_file_path(start), path(".env"));
  start.program = "/usr/bin/butler";
  start.variables["BUTLER_HOME"] = path("home");
  EXPECT_EQ(env_file_path(start), path("home/.env"));
}

TEST_F(LoadTest, AFileOfSomebodyElsesThatHappensToLieThereIsNotRead) {
  write(".env", "TZ=UTC\n");
  EXPECT_THAT(load(start).environment, Contains(Key("TZ")));
  start.user = 4'711;
  if (::geteuid() == 0) {  // root's files are everybody's
    EXPECT_THAT(load(start).environment, Contains(Key("TZ")));
    ASSERT_EQ(::chown(path(".env").c_str(), 1'000, 1'000), 0);
  }
  EXPECT_THAT(load(start).environment, Not(Contains(Key("TZ"))));
  EXPECT_THAT(load(start).problems.at(0).message, HasSubstr("BUTLER_ENV_FILE"));
}

TEST_F(LoadTest, RootReadsNoConfigurationOfAnotherUserFromItsHome) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  start.user = 0;
  start.variables["BUTLER_HOME"] = "home";
  write("home/.env", "TZ=UTC\n");
  EXPECT_THAT(load(start).environment, Contains(Key("TZ")));
  ASSERT_EQ(::chown(path("home/.env").c_str(), 1'000, 1'000), 0);
  const auto loaded = load(start);
  EXPECT_THAT(loaded.environment, Not(Contains(Key("TZ"))));
  EXPECT_THAT(loaded.problems.at(0).message, HasSubstr("belongs to another user"));
}

}  // namespace
}  // namespace butler::config::load_test
