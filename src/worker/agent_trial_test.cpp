#include <gmock/gmock.h>
#include <unistd.h>

#include "unit/temp_folder.hpp"
#include "worker/main.hpp"
#include "worker/trial_model.hpp"

namespace butler::worker::agent_trial_test {
namespace {

using testing::HasSubstr;

sandbox::InitProgram init_program() {
  const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return sandbox::InitProgram{here / "../../butler-sandbox-init"};
}

TEST(AgentTrial, IsRefusedAsRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be refused";
  config::WorkerSettings settings;
  settings.pi_command = {"/bin/false"};
  try {
    try_agent(settings, init_program());
    FAIL() << "an agent was started as root";
  } catch (const std::runtime_error& refusal) {
    EXPECT_THAT(refusal.what(), HasSubstr("as root"));
  }
}

TEST(AgentTrial, TheModelsEntryHasNoKeyInIt) {
  const auto text = TrialModel::models_json(4711);
  EXPECT_THAT(text, HasSubstr("http://127.0.0.1:4711/v1"));
  EXPECT_THAT(text, HasSubstr("$BUTLER_TRIAL_KEY"));
}

}  // namespace
}  // namespace butler::worker::agent_trial_test
