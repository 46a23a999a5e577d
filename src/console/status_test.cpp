#include "console/status.hpp"

#include <gmock/gmock.h>

namespace butler::console::status_test {

namespace {

using Health = RoleState::Health;
using testing::AllOf;
using testing::HasSubstr;

admin::RoleAnswer says(std::string_view body) {
  return {.kind = admin::RoleAnswer::Kind::answered, .status = 200, .body = json::parse(body).value()};
}

TEST(RoleHealthTest, ARoleThatIsNotThereDoesNotRun) {
  EXPECT_EQ(read_health("worker", {}).health, Health::absent);
  EXPECT_EQ(read_health("worker", {.kind = admin::RoleAnswer::Kind::silent}).health, Health::troubled);
  const auto foreign = read_health("worker", {.kind = admin::RoleAnswer::Kind::forbidden});
  EXPECT_EQ(foreign.health, Health::unknown);
  EXPECT_THAT(foreign.words, HasSubstr("sudo butler status"));
}

TEST(RoleHealthTest, TheGatewayTellsWhatItsTroubleIs) {
  const auto well = read_health(
      "gateway",
      says(
          R"({"ok":true,"bot":{"username":"b_bot"},"polling":{"ok":true},"orchestrator":{"reachable":true},"outbox":2})"));
  EXPECT_EQ(well.health, Health::well);
  EXPECT_EQ(well.words, "@b_bot, 2 messages to be sent");
  const auto deaf = read_health(
      "gateway",
      says(
          R"({"ok":false,"bot":{"username":"b_bot"},"polling":{"ok":false,"trouble":"another poller"},"orchestrator":{"reachable":false}})"));
  EXPECT_EQ(deaf.health, Health::troubled);
  EXPECT_THAT(deaf.words, AllOf(HasSubstr("another poller"), HasSubstr("does not reach the orchestrator")));
  EXPECT_THAT(read_health("gateway", says(R"({"ok":false,"starting":true})")).words, HasSubstr("starting"));
  const auto second = read_health("gateway", says(R"({"ok":true,"standby":true})"));
  EXPECT_EQ(second.health, Health::well);
  EXPECT_THAT(second.words, HasSubstr("stands by"));
}

TEST(RoleHealthTest, TheWorkerTellsModeSandboxAndPolicy) {
  const auto worker = read_health(
      "worker",
      says(
          R"({"ok":true,"mode":"pi","slots":2,"running":1,"sandbox":"bwrap/1","policy":"balanced","orchestratorReachable":true})"));
  EXPECT_EQ(worker.health, Health::well);
  EXPECT_EQ(worker.words, "pi, 1 of 2 slots at work, sandbox bwrap/1, policy balanced");
}

Status sample_status() {
  Status status{.version = "1.2", .url = "http://127.0.0.1:8787", .start_command = "butler up"};
  for (const char* const role : {"orchestrator", "gateway", "worker"}) {
    status.roles.push_back({.name = role, .health = Health::well});
  }
  return status;
}

TEST(StatusTextTest, CountsThePauseAndWhatIsOpenAreShown) {
  auto status = sample_status();
  status.paused = true;
  status.pause_reason = "panic by \x1B[2Jada";
  domain::Job job;
  job.id = "01990000-0000-7000-8000-58d8a5aaaaaa";
  job.prompt = "tidy up";
  job.status = domain::JobStatus::running;
  status.open_jobs = {job};
  const auto text = status_text(status, {}, {});
  EXPECT_THAT(text,
              AllOf(HasSubstr("1 running, 0 queued"), HasSubstr("58d8a5 · running"), HasSubstr("panic off")));
  EXPECT_EQ(text.find('\x1B'), std::string::npos);
  EXPECT_TRUE(status.well());
  EXPECT_EQ(status_json(status).at("counts").at("running").as_uint64(), 1U);
}

TEST(StatusTextTest, AWorkerOnAnotherMachineIsToldAsTheOrchestratorKnowsIt) {
  const domain::Timestamp now{std::chrono::hours{1'000}};
  auto status = sample_status();
  status.roles[2].health = Health::absent;
  status.workers = {
      {.worker_id = "gone", .last_seen_at = now - std::chrono::hours{2}},
      {.worker_id = "far", .present = true, .running = 1, .last_seen_at = now - std::chrono::seconds{9}}};
  place_absent_roles(status, now);
  EXPECT_TRUE(status.well());
  EXPECT_EQ(status.roles[2].words, "far was seen 9 s ago with 1 job");
  EXPECT_THAT(status_text(status, now, {}), HasSubstr("elsewhere"));
  EXPECT_EQ(status_json(status).at("roles").at(2).at("state").as_string(), "elsewhere");
  EXPECT_EQ(status_json(status).at("workers").at(1).at("workerId").as_string(), "far");
}

TEST(StatusTextTest, WorkersThatAreAwayAreToldWithWhenTheyWereSeen) {
  const domain::Timestamp now{std::chrono::hours{1'000}};
  auto status = sample_status();
  status.roles[2].health = Health::absent;
  place_absent_roles(status, now);
  EXPECT_EQ(status.roles[2].words, "");
  status.workers = {{.worker_id = "gone", .last_seen_at = now - std::chrono::hours{2}},
                    {.worker_id = "new", .running = 2}};
  place_absent_roles(status, now);
  EXPECT_FALSE(status.well());
  EXPECT_EQ(status.roles[2].words, "gone was seen 2 h ago, new has not been seen yet with 2 jobs");
  EXPECT_THAT(status_text(status, now, {}), HasSubstr("not running here"));
}

TEST(StatusTextTest, AnOrchestratorThatAnswersFromElsewhereDoesRun) {
  auto status = sample_status();
  status.roles[0].health = Health::absent;
  place_absent_roles(status, {});
  EXPECT_TRUE(status.well());
  EXPECT_EQ(status.roles[0].words, "answers at http://127.0.0.1:8787");
}

TEST(StatusTextTest, WhatDoesNotRunIsToldWithTheNextStep) {
  auto status = sample_status();
  for (auto& role : status.roles) role.health = Health::absent;
  status.trouble = "the orchestrator does not answer";
  EXPECT_FALSE(status.well());
  EXPECT_THAT(status_text(status, {}, {}), HasSubstr("butler up"));
}

}  // namespace

}  // namespace butler::console::status_test
