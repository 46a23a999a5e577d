#include "worker/agent_environment.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "worker/test_support.hpp"

namespace butler::worker {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing_support::file_content;
using testing_support::write_file;

class AgentEnvironmentTest : public testing::Test {
 protected:
  AgentEnvironmentTest() {
    settings.home = folder.path() / "home";
    settings.workspace = settings.home / "workspace";
    settings.session_root = settings.home / "sessions";
    settings.mcp_bin_dir = "/mcp/bin";
    settings.provider_keys["ACME_API_KEY"] = config::Secret{"secret-key-of-acme"};
    for (const auto& path : {settings.home, settings.workspace, settings.session_root})
      fs::create_directory(path);
  }

  std::vector<std::string> environment(ProviderKeys keys) {
    return agent_environment(settings, home, "/scratch", keys);
  }
  static unsigned mode_of(const fs::path& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777U;
  }

  testing_support::TempFolder folder;
  config::WorkerSettings settings;
  AgentHome home{
      .folder = "/agent", .user_home = "/agent/home", .scratch = "/agent/tmp", .tool_gate = "/gate.ts"};
};

TEST_F(AgentEnvironmentTest, ThePathBeginsWithTheMcpTools) {
  EXPECT_THAT(environment(ProviderKeys::given),
              Contains(StartsWith("PATH=/mcp/bin:/usr/local/bin:/usr/bin:/bin:")));
}

TEST_F(AgentEnvironmentTest, OnlyPiGetsTheProvidersKeys) {
  EXPECT_THAT(environment(ProviderKeys::given), Contains("ACME_API_KEY=secret-key-of-acme"));
  EXPECT_THAT(environment(ProviderKeys::withheld), Each(Not(HasSubstr("secret-key"))));
  EXPECT_THAT(environment(ProviderKeys::withheld), Each(Not(StartsWith("PI_"))));
}

TEST_F(AgentEnvironmentTest, TheTimeZoneIsPassedOnWhenOneIsSet) {
  EXPECT_THAT(environment(ProviderKeys::withheld), Each(Not(StartsWith("TZ="))));
  settings.time_zone = "Europe/Zurich";
  EXPECT_THAT(environment(ProviderKeys::withheld), Contains("TZ=Europe/Zurich"));
}

TEST_F(AgentEnvironmentTest, TheAgentsHomeIsPrivateAndItsSettingsAreKept) {
  const auto prepared = prepare_agent_home(settings.home);
  EXPECT_EQ(mode_of(prepared.folder), 0700U);
  EXPECT_EQ(mode_of(prepared.user_home), 0700U);
  EXPECT_EQ(mode_of(prepared.tool_gate), 0600U);
  EXPECT_THAT(file_content(prepared.tool_gate), HasSubstr("butler.tool_call"));
  EXPECT_THAT(file_content(prepared.folder / "settings.json"), HasSubstr("maxRetries"));

  write_file(prepared.folder / "settings.json", "{}");
  write_file(prepared.tool_gate, "changed");
  prepare_agent_home(settings.home);
  EXPECT_EQ(file_content(prepared.folder / "settings.json"), "{}");
  EXPECT_THAT(file_content(prepared.tool_gate), HasSubstr("butler.tool_call"));
}

TEST_F(AgentEnvironmentTest, AWorkspaceThatHoldsButlersStateIsRefused) {
  EXPECT_EQ(workspace_problem(settings), std::nullopt);
  settings.workspace = settings.home;
  EXPECT_THAT(workspace_problem(settings).value_or(""), HasSubstr("contains Butler's state"));
  settings.workspace = folder.path();
  EXPECT_THAT(workspace_problem(settings).value_or(""), HasSubstr("contains Butler's state"));
}

TEST_F(AgentEnvironmentTest, AWorkspaceWithALinkToTheStateIsSeenThrough) {
  fs::create_directory_symlink(settings.home, folder.path() / "link");
  settings.workspace = folder.path() / "link";
  EXPECT_THAT(workspace_problem(settings).value_or(""), HasSubstr("contains Butler's state"));
}

TEST_F(AgentEnvironmentTest, AWorkspaceWithAnEnvFileIsRefused) {
  write_file(settings.workspace / ".env", "TELEGRAM_BOT_TOKEN=x");
  EXPECT_THAT(workspace_problem(settings).value_or(""), HasSubstr(".env"));
}

TEST_F(AgentEnvironmentTest, TheScratchFolderGoesWithItsContent) {
  fs::path path;
  {
    const Scratch scratch(folder.path());
    path = scratch.folder();
    EXPECT_EQ(mode_of(path), 0700U);
    write_file(path / "left", "x");
  }
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace butler::worker
