#include "worker/agent_environment.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "worker/test_support.hpp"

namespace butler::worker::agent_environment_test {
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

  std::vector<std::string> of_a_command() { return command_environment(settings, home, "/scratch"); }
  std::vector<std::string> of_pi() { return pi_environment(settings, home, "/scratch", "/scratch/pi"); }
  static unsigned mode_of(const fs::path& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777U;
  }

  testing_support::TempFolder folder;
  config::WorkerSettings settings;
  AgentHome home{.folder = "/agent",
                 .user_home = "/agent/home",
                 .scratch = "/agent/tmp",
                 .tool_gate = "/gate.ts",
                 .send_file = "/send_file.ts",
                 .commands = "/commands"};
};

TEST_F(AgentEnvironmentTest, ThePathBeginsWithButlersCommandsAndTheMcpTools) {
  EXPECT_THAT(of_pi(), Contains(StartsWith("PATH=/commands:/mcp/bin:/usr/local/bin:/usr/bin:/bin:")));
}

TEST_F(AgentEnvironmentTest, NobodyGetsTheProvidersKeys) {
  EXPECT_THAT(of_pi(), Each(Not(HasSubstr("secret-key"))));
  EXPECT_THAT(of_pi(), Contains("PI_CODING_AGENT_DIR=/scratch/pi"));
  EXPECT_THAT(of_a_command(), Each(Not(HasSubstr("secret-key"))));
  EXPECT_THAT(of_a_command(), Each(Not(StartsWith("PI_"))));
}

TEST_F(AgentEnvironmentTest, APiProcessHasSettingsAndSkillsOfItsOwnButNoFileThatMayHoldKeys) {
  const auto prepared = prepare_agent_home(settings.home);
  write_file(prepared.folder / "settings.json", R"({"theme":"mine"})");
  write_file(prepared.folder / "models.json", "secret-key-of-acme");
  write_file(prepared.folder / "auth.json", "secret-key-of-acme");
  fs::create_directory(prepared.folder / "skills");

  const auto made = make_agent_folder(prepared, folder.path());

  EXPECT_EQ(mode_of(made), 0700U);
  EXPECT_EQ(file_content(made / "settings.json"), R"({"theme":"mine"})");
  EXPECT_TRUE(fs::is_directory(made / "skills"));
  EXPECT_FALSE(fs::exists(made / "models.json"));
  EXPECT_FALSE(fs::exists(made / "auth.json"));
}

TEST_F(AgentEnvironmentTest, TheTimeZoneIsPassedOnWhenOneIsSet) {
  EXPECT_THAT(of_a_command(), Each(Not(StartsWith("TZ="))));
  settings.time_zone = "Europe/Zurich";
  EXPECT_THAT(of_a_command(), Contains("TZ=Europe/Zurich"));
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

TEST_F(AgentEnvironmentTest, WhatAKilledWorkerHasLeftIsRemovedAndWhatLivesIsNot) {
  const Scratch living(folder.path() / "tmp");
  fs::create_directories(folder.path() / "tmp" / "abandoned" / "inside");
  clear_abandoned_scratch(folder.path() / "tmp");
  EXPECT_FALSE(fs::exists(folder.path() / "tmp" / "abandoned"));
  EXPECT_TRUE(fs::exists(living.folder()));
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
}  // namespace butler::worker::agent_environment_test
