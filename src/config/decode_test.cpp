#include "config/decode.hpp"

#include <gmock/gmock.h>

namespace butler::config::decode_test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;
using testing::StartsWith;
using testing::UnorderedElementsAre;

constexpr auto gateway_token = "gateway-0123456789-abcdef";
constexpr auto worker_token = "worker-0123456789-abcdef";
constexpr auto bot_token = "123456789:AbCdEfGhIjKlMnOpQrStUvWxYz0123456";

/// Variables of the process environment.
Environment given(const std::map<std::string, std::string>& variables) {
  Environment environment;
  for (const auto& [name, value] : variables) environment[name] = Entry{value, environment_source};
  return environment;
}

Environment working() {
  return given({{"ORCH_GATEWAY_TOKEN", gateway_token},
                {"ORCH_WORKER_TOKEN", worker_token},
                {"TELEGRAM_BOT_TOKEN", bot_token},
                {"TG_OWNER_IDS", "1001, 1002"}});
}

Environment working_with(const std::map<std::string, std::string>& variables) {
  auto environment = working();
  for (const auto& [name, value] : variables) environment[name] = Entry{value, environment_source};
  return environment;
}

Place place() {
  return Place{.home = "/home/ada/.butler",
               .working_directory = "/home/ada",
               .default_runtime = "/home/ada/.butler/runtime",
               .default_worker_id = "laptop-1",
               .provider_variables = {}};
}

template <class Settings>
std::vector<std::string> texts(const Decoded<Settings>& decoded) {
  std::vector<std::string> all;
  if (!decoded) {
    for (const auto& problem : decoded.error()) all.push_back(problem.text());
  }
  return all;
}

TEST(Decode, WhatIsRequiredIsEnough) {
  const auto orchestrator = decode_orchestrator(working(), place());
  ASSERT_TRUE(orchestrator);
  EXPECT_EQ(orchestrator->home, "/home/ada/.butler");
  EXPECT_EQ(orchestrator->host, "127.0.0.1");
  EXPECT_EQ(orchestrator->port, 8787);
  EXPECT_EQ(orchestrator->gateway_token.reveal(), gateway_token);
  EXPECT_EQ(orchestrator->lease, 30s);
  EXPECT_EQ(orchestrator->session_home, 300s);

  const auto gateway = decode_gateway(working(), place());
  ASSERT_TRUE(gateway);
  EXPECT_EQ(gateway->orchestrator_url, "http://127.0.0.1:8787");
  EXPECT_EQ(gateway->telegram_root, "https://api.telegram.org");
  EXPECT_EQ(gateway->bot_token.reveal(), bot_token);
  EXPECT_THAT(gateway->owners, ElementsAre(1001, 1002));
  EXPECT_EQ(gateway->prompt_max_chars, 8'000U);
  EXPECT_TRUE(gateway->run_owner_only);

  const auto worker = decode_worker(working(), place());
  ASSERT_TRUE(worker);
  EXPECT_EQ(worker->worker_id, "laptop-1");
  EXPECT_EQ(worker->heartbeat, std::nullopt);
  EXPECT_EQ(worker->concurrency, 2U);
  EXPECT_EQ(worker->mode, ExecMode::mock);
  EXPECT_THAT(worker->pi_command, ElementsAre("/home/ada/.butler/runtime/bin/pi"));
  EXPECT_EQ(worker->workspace, "/home/ada/.butler/workspace");
  EXPECT_EQ(worker->session_root, "/home/ada/.butler/sessions");
  EXPECT_EQ(worker->mcp_bin_dir, "/home/ada/.butler/mcp/bin");
  EXPECT_EQ(worker->append_system_prompt, std::nullopt);
  EXPECT_EQ(worker->mock_step, 200ms);
  EXPECT_EQ(worker->job_timeout, 3600s);
}

TEST(Decode, APathIsAbsoluteAndHasNoSlashAtItsEnd) {
  for (const auto& [given, meant] :
       {std::pair{"/opt/mcp/bin", "/opt/mcp/bin"}, std::pair{"/opt/mcp/bin/", "/opt/mcp/bin"},
        std::pair{"tools/../mcp/bin//", "/home/ada/mcp/bin"}, std::pair{"/opt/mcp/bin/.", "/opt/mcp/bin"},
        std::pair{"/", "/"}}) {
    const auto worker = decode_worker(working_with({{"BUTLER_MCP_BIN_DIR", given}}), place());
    ASSERT_TRUE(worker) << given;
    EXPECT_EQ(worker->mcp_bin_dir, meant) << given;
  }
}

TEST(Decode, TheDefaultsOfTheTableAreThoseOfTheStructs) {
  const auto orchestrator = decode_orchestrator(working(), place()).value();
  EXPECT_EQ(orchestrator.lease, OrchestratorSettings{}.lease);
  EXPECT_EQ(orchestrator.session_home, OrchestratorSettings{}.session_home);
  EXPECT_EQ(orchestrator.retention, OrchestratorSettings{}.retention);
  EXPECT_EQ(orchestrator.artifact_quota, OrchestratorSettings{}.artifact_quota);
  EXPECT_EQ(orchestrator.attachment_wait, OrchestratorSettings{}.attachment_wait);
  EXPECT_EQ(orchestrator.port, OrchestratorSettings{}.port);
  const auto worker = decode_worker(working(), place()).value();
  EXPECT_EQ(worker.idle_limit, WorkerSettings{}.idle_limit);
  EXPECT_EQ(worker.spawn_timeout, WorkerSettings{}.spawn_timeout);
  EXPECT_EQ(worker.silence_timeout, WorkerSettings{}.silence_timeout);
  EXPECT_EQ(worker.job_timeout, WorkerSettings{}.job_timeout);
  EXPECT_EQ(worker.mock_step, WorkerSettings{}.mock_step);
  const auto gateway = decode_gateway(working(), place()).value();
  EXPECT_EQ(gateway.prompt_max_chars, GatewaySettings{}.prompt_max_chars);
  EXPECT_EQ(gateway.telegram_root, GatewaySettings{}.telegram_root);
  EXPECT_EQ(gateway.rate_limit_per_minute, GatewaySettings{}.rate_limit_per_minute);
  EXPECT_EQ(gateway.gather, GatewaySettings{}.gather);
  EXPECT_EQ(gateway.allow_requester_abort, GatewaySettings{}.allow_requester_abort);
}

TEST(Decode, VoiceMessagesAreWrittenDownByAServiceOrACommandAndNotByBoth) {
  const auto off = decode_worker(working(), place())->transcription;
  EXPECT_TRUE(off.url.empty() && off.command.empty());
  EXPECT_EQ(off.model, TranscriptionSettings{}.model);
  const auto service = decode_worker(working_with({{"WORKER_TRANSCRIBE_URL", "https://api.openai.com/v1"},
                                                   {"WORKER_TRANSCRIBE_KEY", "sk-0123456789abcdef"},
                                                   {"WORKER_TRANSCRIBE_MODEL", "m"}}),
                                     place())
                           ->transcription;
  EXPECT_EQ(service.url, "https://api.openai.com/v1");
  EXPECT_EQ(service.key.reveal(), "sk-0123456789abcdef");
  EXPECT_EQ(service.model, "m");
  const auto command = working_with({{"WORKER_TRANSCRIBE_COMMAND", "whisper --model 'a b'"}});
  EXPECT_THAT(decode_worker(command, place())->transcription.command,
              ElementsAre("whisper", "--model", "a b"));
  EXPECT_THAT(texts(decode_worker(working_with({{"WORKER_TRANSCRIBE_COMMAND", "whisper"},
                                                {"WORKER_TRANSCRIBE_URL", "https://api.openai.com/v1"}}),
                                  place())),
              ElementsAre(HasSubstr("only one of it and WORKER_TRANSCRIBE_URL")));
}

TEST(Decode, WhoMayDoWhatIsTheConfigurations) {
  const auto gateway = decode_gateway(working_with({{"TG_ALLOW_FROM", "7, 8"},
                                                    {"TG_RATE_LIMIT_PER_MIN", "0"},
                                                    {"TG_RUN_OWNER_ONLY", "no"},
                                                    {"TG_APPROVE_OWNER_ONLY", "no"},
                                                    {"TG_ALLOW_REQUESTER_ABORT", "no"}}),
                                      place())
                           .value();
  EXPECT_THAT(gateway.allowed, ElementsAre(7, 8));
  EXPECT_EQ(gateway.rate_limit_per_minute, 0U);
  EXPECT_FALSE(gateway.run_owner_only || gateway.approve_owner_only || gateway.allow_requester_abort);
}

TEST(Decode, WhatIsMissingIsNamedWithItsMeaning) {
  EXPECT_THAT(texts(decode_gateway({}, place())),
              ElementsAre(StartsWith("TELEGRAM_BOT_TOKEN: is required: the bot's token"),
                          StartsWith("TG_OWNER_IDS: is required: "),
                          StartsWith("ORCH_GATEWAY_TOKEN: is required: ")));
  EXPECT_THAT(texts(decode_worker({}, place())), ElementsAre(StartsWith("ORCH_WORKER_TOKEN: is required: ")));
  EXPECT_THAT(texts(decode_worker(given({{"ORCH_WORKER_TOKEN", ""}}), place())), testing::SizeIs(1));
}

TEST(Decode, EveryWrongValueIsToldAtOnceWithItsSource) {
  auto environment = working_with({{"ORCH_PORT", "http"}, {"ORCH_HOST", "butler.example"}});
  environment["ORCH_LEASE_SECONDS"] = Entry{"0", ".env:7"};
  EXPECT_THAT(texts(decode_orchestrator(environment, place())),
              ElementsAre(StartsWith("ORCH_HOST (environment): expected a numeric address of this machine"),
                          "ORCH_PORT (environment): expected a whole number from 1 to 65535, got 'http'",
                          "ORCH_LEASE_SECONDS (.env:7): expected a whole number from 1 to 3600, got '0'"));
}

TEST(Decode, TheTwoApiSecretsMustDiffer) {
  const auto environment = working_with({{"ORCH_WORKER_TOKEN", gateway_token}});
  EXPECT_THAT(texts(decode_orchestrator(environment, place())),
              ElementsAre("ORCH_WORKER_TOKEN (environment): is the same as ORCH_GATEWAY_TOKEN; expected two "
                          "different secrets"));
}

TEST(Decode, NoProblemShowsASecret) {
  const auto environment = given({{"ORCH_GATEWAY_TOKEN", "hunter2"},
                                  {"ORCH_WORKER_TOKEN", "hunter2"},
                                  {"TELEGRAM_BOT_TOKEN", "hunter2"}});
  std::vector<std::string> all = texts(decode_orchestrator(environment, place()));
  const auto gateway = texts(decode_gateway(environment, place()));
  all.insert(all.end(), gateway.begin(), gateway.end());
  EXPECT_THAT(all, testing::SizeIs(testing::Gt(4U)));
  EXPECT_THAT(all, testing::Each(Not(HasSubstr("hunter2"))));
}

TEST(Decode, ADatabaseIsOfPostgresAndItsAddressIsNeverShown) {
  const auto right = working_with({{"ORCH_DATABASE_URL", "postgresql://u:hunter22@db/butler"}});
  EXPECT_EQ(decode_orchestrator(right, place())->database_url.reveal(), "postgresql://u:hunter22@db/butler");
  EXPECT_EQ(decode_orchestrator(working_with({}), place())->database_url.reveal(), "");
  EXPECT_THAT(
      texts(decode_orchestrator(working_with({{"ORCH_DATABASE_URL", "mysql://u:hunter22@db"}}), place())),
      ElementsAre(
          "ORCH_DATABASE_URL (environment): expected postgresql://user:password@host[:port]/database"));
  const auto both = working_with({{"ORCH_DATABASE_URL", "postgresql://u:hunter22@db/butler"},
                                  {"GATEWAY_DATABASE_URL", "postgresql://u:hunter22@db/chats"}});
  EXPECT_EQ(decode_gateway(both, place())->database_url.reveal(), "postgresql://u:hunter22@db/chats");
  EXPECT_EQ(decode_orchestrator(both, place())->database_url.reveal(), "postgresql://u:hunter22@db/butler");
}

TEST(Decode, BudgetsAreAmountsAboveNothing) {
  const auto settings = decode_worker(
      working_with({{"PI_BUDGET_USD_PER_DAY", "5"}, {"PI_BUDGET_USD_PER_JOB", "0.25"}}), place());
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->budget_per_day, domain::Usd{5 * domain::Usd::one});
  EXPECT_EQ(settings->budget_per_job, domain::Usd{domain::Usd::one / 4});
  EXPECT_EQ(decode_worker(working(), place())->budget_per_day, std::nullopt);
  for (const char* const wrong : {"0", "-1", "five", "1e3", "$5"}) {
    EXPECT_THAT(texts(decode_worker(working_with({{"PI_BUDGET_USD_PER_DAY", wrong}}), place())),
                ElementsAre(HasSubstr("expected an amount of US dollars above 0")))
        << wrong;
  }
}

TEST(Decode, AProviderWhoseKeysTheAgentWouldHaveToHoldIsRefused) {
  for (const char* const provider : {"amazon-bedrock", "google-vertex", "radius"}) {
    EXPECT_THAT(texts(decode_worker(working_with({{"PI_PROVIDER", provider}}), place())),
                ElementsAre(AllOf(HasSubstr("PI_PROVIDER"), HasSubstr("cannot be used"))))
        << provider;
    EXPECT_TRUE(decode_worker(working_with({{"PI_PROVIDER", provider}, {"PI_EXEC_MODE", "mock"}}), place()));
  }
}

TEST(Decode, AProviderBringsPiAndItsOwnKeysOnly) {
  const auto environment = working_with({{"PI_PROVIDER", "anthropic"},
                                         {"ANTHROPIC_API_KEY", "sk-1"},
                                         {"OPENAI_API_KEY", "sk-2"},
                                         {"PI_MODEL", "m"}});
  const auto worker = decode_worker(environment, place()).value();
  EXPECT_EQ(worker.mode, ExecMode::rpc);
  EXPECT_EQ(worker.model, "m");
  EXPECT_THAT(worker.provider_keys, ElementsAre(Key("ANTHROPIC_API_KEY")));

  auto mock = environment;
  mock["PI_EXEC_MODE"] = Entry{"mock", environment_source};
  EXPECT_EQ(decode_worker(mock, place())->mode, ExecMode::mock);
}

TEST(Decode, ACustomProvidersFileNamesItsKeysButNeverOurSecrets) {
  auto where = place();
  where.provider_variables = {"MOCK_API_KEY", "TELEGRAM_BOT_TOKEN", "ABSENT_KEY"};
  const auto environment = working_with({{"PI_PROVIDER", "mock"}, {"MOCK_API_KEY", "k"}});
  EXPECT_THAT(decode_worker(environment, where)->provider_keys, ElementsAre(Key("MOCK_API_KEY")));
  EXPECT_THAT(select_variables(environment, where, Role::worker),
              AllOf(Contains(Key("MOCK_API_KEY")), Not(Contains(Key("TELEGRAM_BOT_TOKEN")))));
}

TEST(Decode, PathsAndThePiCommandAreMadeAbsolute) {
  const auto worker =
      decode_worker(working_with({{"PI_WORKSPACE", "work/../w"}, {"PI_BINARY", "bin/node 'my cli.js'"}}),
                    place())
          .value();
  EXPECT_EQ(worker.workspace, "/home/ada/w");
  EXPECT_THAT(worker.pi_command, ElementsAre("/home/ada/bin/node", "my cli.js"));
  EXPECT_THAT(decode_worker(working_with({{"PI_BINARY", "pi --x"}}), place())->pi_command,
              ElementsAre("pi", "--x"));
}

TEST(Decode, TheOrchestratorIsWhereItsPortSaysUnlessNamed) {
  EXPECT_EQ(decode_worker(working_with({{"ORCH_PORT", "9"}}), place())->orchestrator_url,
            "http://127.0.0.1:9");
  EXPECT_EQ(
      decode_worker(working_with({{"ORCH_PORT", "9"}, {"ORCH_BASE_URL", "https://o.example/"}}), place())
          ->orchestrator_url,
      "https://o.example");
}

TEST(Decode, TheHeartbeatFitsThreeTimesIntoTheLease) {
  EXPECT_EQ(decode_worker(working_with({{"WORKER_HEARTBEAT_MS", "10000"}}), place())->heartbeat, 10'000ms);
  EXPECT_THAT(
      texts(decode_worker(working_with({{"WORKER_HEARTBEAT_MS", "10001"}}), place())),
      ElementsAre(
          "WORKER_HEARTBEAT_MS (environment): expected at most a third of ORCH_LEASE_SECONDS, 10000 ms"));
  EXPECT_TRUE(
      decode_worker(working_with({{"WORKER_HEARTBEAT_MS", "10001"}, {"ORCH_LEASE_SECONDS", "60"}}), place()));
}

TEST(Decode, ARoleIsGivenItsOwnVariablesOnly) {
  const auto environment = working_with(
      {{"PATH", "/bin"}, {"ORCH_PORT", "9"}, {"PI_PROVIDER", "openai"}, {"OPENAI_API_KEY", "k"}, {"TZ", ""}});
  EXPECT_THAT(select_variables(environment, place(), Role::orchestrator),
              UnorderedElementsAre(Pair("BUTLER_HOME", "/home/ada/.butler"), Key("ORCH_PORT"),
                                   Key("ORCH_GATEWAY_TOKEN"), Key("ORCH_WORKER_TOKEN")));
  EXPECT_THAT(select_variables(environment, place(), Role::gateway),
              UnorderedElementsAre(Key("BUTLER_HOME"), Key("ORCH_PORT"), Key("ORCH_GATEWAY_TOKEN"),
                                   Key("TELEGRAM_BOT_TOKEN"), Key("TG_OWNER_IDS")));
  EXPECT_THAT(select_variables(environment, place(), Role::worker),
              UnorderedElementsAre(Key("BUTLER_HOME"), Key("ORCH_PORT"), Key("ORCH_WORKER_TOKEN"),
                                   Key("PI_PROVIDER"), Key("OPENAI_API_KEY")));
}

TEST(Decode, TheLogLevelFallsBackToItsDefault) {
  EXPECT_EQ(decode_log_level({}), "info");
  EXPECT_EQ(decode_log_level(given({{"BUTLER_LOG_LEVEL", "debug"}})), "debug");
  EXPECT_EQ(decode_log_level(given({{"BUTLER_LOG_LEVEL", "loud"}})), "info");
}

TEST(Decode, WhatHasNoEffectIsSaid) {
  EXPECT_THAT(
      describe_ineffective(
          given({{"TG_JOB_POLL_MS", "1000"}, {"WORKER_SANDBOX", "bwrap"}, {"TG_ONLY_AGENT_OUTPUT", "true"}})),
      UnorderedElementsAre(
          "TG_JOB_POLL_MS (environment) has no effect: of the first version; nothing polls any more"));
}

TEST(Decode, NoSandboxHasToBeAskedForTwice) {
  EXPECT_FALSE(decode_worker(working_with({{"WORKER_SANDBOX", "none"}}), place()));
  const auto allowed = decode_worker(
      working_with({{"WORKER_SANDBOX", "none"}, {"WORKER_ALLOW_UNSANDBOXED", "true"}}), place());
  ASSERT_TRUE(allowed);
  EXPECT_EQ(allowed->sandbox.tier, "none");
}

TEST(Decode, TheSandboxHasItsLimitsInBytesAndItsPathsAsGiven) {
  const auto settings = decode_worker(working_with({{"WORKER_MEMORY_MB", "512"},
                                                    {"WORKER_PROCESSES", "64"},
                                                    {"WORKER_WORKSPACE_MB", "100"},
                                                    {"WORKER_READ_ONLY_PATHS", "/srv/books:/opt/tools/"}}),
                                      place());
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->sandbox.memory_bytes, 512U << 20U);
  EXPECT_EQ(settings->sandbox.processes, 64U);
  EXPECT_EQ(settings->sandbox.workspace_bytes, 100U << 20U);
  EXPECT_THAT(settings->sandbox.read_only_paths, ElementsAre("/srv/books", "/opt/tools/"));
}

TEST(Decode, ButlersOwnStateIsNotGivenToReadAndNeitherIsARelativePath) {
  for (const std::string& path : {std::string{"/"}, place().home.string(), std::string{"books"}}) {
    EXPECT_FALSE(decode_worker(working_with({{"WORKER_READ_ONLY_PATHS", path}}), place())) << path;
  }
}

TEST(Decode, AMisspeltNameInAFileIsToldWithTheNearest) {
  const Environment environment{
      {"TG_OWNER_ID", {"1", ".env:1"}},       {"ORCH_TOKEN_WORKER_X", {"1", ".env:2"}},
      {"ANTROPIC_API_KEY", {"1", ".env:3"}},  {"MY_OWN_THING", {"1", ".env:4"}},
      {"TG_OWNER_ID2", {"1", "environment"}}, {"OPENAI_API_KEY", {"1", ".env:5"}}};
  EXPECT_THAT(
      unknown_names(environment),
      ElementsAre("ANTROPIC_API_KEY (.env:3) is no variable of Butler's; did you mean ANTHROPIC_API_KEY?",
                  "ORCH_TOKEN_WORKER_X (.env:2) is no variable of Butler's",
                  "TG_OWNER_ID (.env:1) is no variable of Butler's; did you mean TG_OWNER_IDS?"));
}

}  // namespace
}  // namespace butler::config::decode_test
