// What each check makes of what it has found.
#include <gmock/gmock.h>

#include "doctor/database_check.hpp"
#include "doctor/disk_check.hpp"
#include "doctor/permission_check.hpp"
#include "doctor/role_check.hpp"
#include "doctor/settings_check.hpp"
#include "doctor/telegram_check.hpp"
#include "doctor/test_support.hpp"

namespace butler::doctor::judgement_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::found;

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
  EXPECT_THAT(judge_users({.root = true, .agent = true, .users_command = "systemd-sysusers"}),
              ElementsAre(found(Status::broken, "butler-control", "systemd-sysusers")));
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
  facts.start = "systemctl start butler.target";
  EXPECT_THAT(judge_database(facts), found(Status::warning, "older", "systemctl start butler.target"));
  facts.version = 5;
  facts.backup = "/h/state.db.before-5";
  EXPECT_THAT(judge_database(facts), found(Status::broken, "newer", "butler version"));
  EXPECT_THAT(judge_database(facts).remark, HasSubstr("/h/state.db.before-5"));
  facts = well;
  facts.changed = {"0002_x.sql"};
  EXPECT_THAT(judge_database(facts), found(Status::broken, "0002_x.sql", "butler version"));
  facts = well;
  facts.damages = {"page 3 is wrong"};
  EXPECT_THAT(judge_database(facts), found(Status::broken, "page 3 is wrong",
                                           "sqlite3 $aside/state.db .recover | sqlite3 state.db"));
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

TEST(Judgement, OurOwnWebhookIsJudgedByWhatTelegramAndAStrangerSee) {
  const std::string ours = "https://butler.example/hook";
  const WebhookFacts well{.url = ours, .pending_updates = 2, .wanted = ours, .answer = 401};
  const auto with = [&well](const auto& change) {
    auto facts = well;
    change(facts);
    return judge_webhook(facts);
  };

  EXPECT_EQ(judge_webhook(well).status, Status::ok);
  EXPECT_THAT(with([](auto& facts) { facts.url = "https://other.example/x"; }),
              found(Status::broken, "other.example takes", "butler logs gateway"));
  EXPECT_THAT(with([](auto& facts) { facts.url.clear(); }),
              found(Status::warning, "No webhook is set", "butler logs gateway"));
  EXPECT_THAT(with([](auto& facts) { facts.answer = 502; }),
              found(Status::broken, "502 instead of 401", "https://butler.example/hook"));
  EXPECT_THAT(with([](auto& facts) { facts.answer = 200; }),
              found(Status::broken, "does not lead to Butler", "https://butler.example/hook"));
  EXPECT_THAT(with([](auto& facts) { facts.last_error = "Connection refused"; }),
              found(Status::broken, "Connection refused", "https://butler.example/hook"));
  EXPECT_EQ(with([](auto& facts) {
              facts.last_error = "Connection refused";
              facts.pending_updates = 0;
            }).status,
            Status::ok);
  EXPECT_THAT(with([](auto& facts) {
                facts.answer.reset();
                facts.unreachable = "timed out";
              }),
              found(Status::warning, "from here: timed out", "https://butler.example/hook"));
  EXPECT_EQ(with([](auto& facts) { facts.url = "https://Butler.example:443/hook"; }).status, Status::ok);
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
  return {.name = name,
          .answer = {.kind = admin::RoleAnswer::Kind::answered,
                     .status = 200,
                     .body = json::parse(health).value(),
                     .pid = 9}};
}

TEST(Judgement, RolesSayWhatAilsThem) {
  const RoleFacts::One absent{.name = "worker", .answer = {}};
  EXPECT_THAT(judge_roles({.home = "/h", .roles = {absent}}),
              ElementsAre(found(Status::ok, "does not run in /h")));
  EXPECT_THAT(judge_roles({.home = "/h", .supervisor = 4, .roles = {absent}}),
              ElementsAre(found(Status::broken, "do not run: worker", "kill -TERM 4")));
  EXPECT_THAT(judge_roles({.supervisor = 4, .roles = {absent}, .start = "systemctl start butler.target"}),
              ElementsAre(testing::Field(&Finding::remark, "Then: systemctl start butler.target")));
  EXPECT_THAT(
      judge_roles({.roles = {{.name = "worker", .answer = {.kind = admin::RoleAnswer::Kind::forbidden}}}}),
      ElementsAre(found(Status::skipped, "another user's")));
  auto stuck = role_that_says("worker", "{}");
  stuck.answer.kind = admin::RoleAnswer::Kind::silent;
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

}  // namespace
}  // namespace butler::doctor::judgement_test
