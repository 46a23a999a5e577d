#include "worker/pi_agent.hpp"

#include <gmock/gmock.h>

#include <csignal>

#include "worker/pi_agent_fixture.hpp"

namespace butler::worker::pi_agent_test {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using domain::EventType;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::file_content;
using testing_support::make_job;
using testing_support::PiAgentTest;
using testing_support::run_to_end;
using testing_support::write_file;
using Kind = Outcome::Kind;

TEST_F(PiAgentTest, APromptIsAnsweredAndStreamed) {
  const auto outcome = run("say hello from pi");
  EXPECT_EQ(outcome.kind, Kind::completed);
  EXPECT_EQ(outcome.text, "hello from pi");
  EXPECT_EQ(listener.text(), "hello from pi");
  EXPECT_EQ(outcome.usage->input_tokens, 10);
}

TEST_F(PiAgentTest, TheProcessStaysWarmForItsSession) {
  const auto first = run("pid");
  const auto second = run("pid");
  const auto other = run("pid", "telegram:2:v1");
  EXPECT_EQ(first.text, second.text);
  EXPECT_NE(first.text, other.text);
  EXPECT_EQ(sessions().size(), 2U);
}

TEST_F(PiAgentTest, AnIdleProcessIsReapedAndTheSessionGoesOn) {
  idle_limit = 50ms;
  const auto first = run("pid");
  run_to_end(context, [](SessionPool& pool) -> asio::awaitable<void> {
    while (pool.size() > 0) co_await pool.changed().wait();
  }(sessions()));
  EXPECT_TRUE(all_has_gone());
  EXPECT_NE(run("pid").text, first.text);
  EXPECT_EQ(run("history").text, "pid\npid\n");
}

TEST_F(PiAgentTest, ItsArgumentsKeepTheWorkspaceFromGivingOrders) {
  const auto outcome = run("arguments");
  const std::string name = session_name("telegram:1:v1");
  EXPECT_THAT(outcome.text, HasSubstr(R"("--mode", "rpc", "--provider", "mock", "--model", "mock-1")"));
  EXPECT_THAT(outcome.text, HasSubstr(R"("--session-id", ")" + name));
  EXPECT_THAT(outcome.text, HasSubstr(R"("--no-approve", "-nc", "-ne", "-e")"));
}

TEST_F(PiAgentTest, ItsEnvironmentIsBuiltFromNothing) {
  ::setenv("BUTLER_CANARY", "must not be seen", 1);
  const auto outcome = run("environment");
  ::unsetenv("BUTLER_CANARY");
  EXPECT_THAT(outcome.text, Not(HasSubstr("CANARY")));
  EXPECT_THAT(outcome.text, HasSubstr(":" + settings.mcp_bin_dir.string() + ":/usr/local/bin:/usr/bin:/bin"));
  EXPECT_THAT(outcome.text, HasSubstr("PATH=" + (settings.home / "agent/commands").string()));
  EXPECT_THAT(outcome.text, HasSubstr("HOME=" + (settings.home / "agent/tmp").string()));
  EXPECT_THAT(outcome.text, HasSubstr("PI_CODING_AGENT_DIR=" + (settings.home / "agent/tmp").string()));
  EXPECT_THAT(outcome.text, AllOf(HasSubstr("PI_OFFLINE=1"), Not(HasSubstr("key-for-the-provider"))));
}

TEST_F(PiAgentTest, TheMemoryReachesItAtItsStart) {
  write_file(settings.workspace / "MEMORY.md", "- likes tea\n");
  EXPECT_THAT(run("system").text, AllOf(HasSubstr("- likes tea"), HasSubstr("# Who you are")));
}

TEST_F(PiAgentTest, AnEditFromOutsideReachesAWarmSessionOnce) {
  run("say hi");
  write_file(settings.workspace / "MEMORY.md", "- likes coffee\n");
  EXPECT_THAT(run("echo x").text, AllOf(HasSubstr("MEMORY.md has changed"), HasSubstr("- likes coffee")));
  EXPECT_EQ(run("echo x").text, "echo x");
}

TEST_F(PiAgentTest, WhatTheAgentHasWrittenItselfIsNotTold) {
  run("remember the milk");
  EXPECT_EQ(file_content(settings.workspace / "MEMORY.md"), "the milk");
  EXPECT_EQ(run("echo x").text, "echo x");
}

TEST_F(PiAgentTest, AToolRunsOnceItsStartIsOnRecord) {
  const auto outcome = run("tool touch made");
  EXPECT_EQ(outcome.text, "tool ran");
  EXPECT_TRUE(fs::exists(settings.workspace / "made"));
  EXPECT_EQ(listener.count(EventType::tool_start), 1U);
  EXPECT_THAT(listener.first(EventType::tool_start), HasSubstr(R"("summary":"touch made")"));
  EXPECT_EQ(listener.count(EventType::tool_end), 1U);
}

TEST_F(PiAgentTest, AToolWaitsForItsRecord) {
  listener.answer.reset();
  const auto outcome = run_and(EventType::tool_start, "tool touch made", [&](PiAgent&) {
    EXPECT_FALSE(fs::exists(settings.workspace / "made"));
    listener.set_answer(true);
  });
  EXPECT_EQ(outcome.text, "tool ran");
}

TEST_F(PiAgentTest, AToolWithoutARecordIsBlocked) {
  listener.answer = false;
  const auto outcome = run("tool touch made");
  EXPECT_THAT(outcome.text, HasSubstr("tool was blocked: Butler could not put this tool call on record"));
  EXPECT_FALSE(fs::exists(settings.workspace / "made"));
}

TEST_F(PiAgentTest, WaitingForTheRecordIsNoSilence) {
  options.silence_timeout = 1'500ms;
  listener.answer.reset();
  asio::steady_timer timer(context);
  const auto outcome = run_and(EventType::tool_start, "tool touch made", [&](PiAgent&) {
    timer.expires_after(3s);
    timer.async_wait([&](const boost::system::error_code&) { listener.set_answer(true); });
  });
  EXPECT_EQ(outcome.text, "tool ran");
}

TEST_F(PiAgentTest, OtherDialogsAreCancelled) {
  for (const std::string method : {"confirm", "select", "input", "editor"}) {
    EXPECT_THAT(run("ask " + method).text, HasSubstr(R"("cancelled": true)")) << method;
  }
}

TEST_F(PiAgentTest, AnErrorOfTheModelIsTheJobsFailure) {
  const auto outcome = run("fail 401: bad key");
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_EQ(outcome.text, "401: bad key");
  EXPECT_EQ(run("say still warm").text, "still warm");
}

TEST_F(PiAgentTest, PisOwnRetryDoesNotEndTheJob) {
  const auto outcome = run("retry");
  EXPECT_EQ(outcome.kind, Kind::completed);
  EXPECT_EQ(outcome.text, "whole");
}

TEST_F(PiAgentTest, ARefusedPromptIsAFailureAndTheNextJobGetsANewProcess) {
  const auto first = run("pid");
  EXPECT_EQ(run("refuse this").text, "No API key found for mock");
  EXPECT_NE(run("pid").text, first.text);
}

TEST_F(PiAgentTest, HalfSurrogatesLargeRecordsAndGarbageDoNoHarm) {
  EXPECT_EQ(run("surrogates").text, "a\U0001F600z");
  EXPECT_EQ(listener.text(), "a\xEF\xBF\xBD\xEF\xBF\xBDz");
  EXPECT_EQ(run("large").text, "large record sent");
  EXPECT_EQ(run("garbage").text, "after garbage");
}

TEST_F(PiAgentTest, ASecondSettledDoesNotEndTheNextJob) {
  EXPECT_EQ(run("settle-twice one").text, "one");
  EXPECT_EQ(run("settle-twice two").text, "two");
  EXPECT_EQ(run("say three").text, "three");
}

TEST_F(PiAgentTest, ADeathInMidPromptFailsAtOnceWithItsReason) {
  const auto outcome = run("crash");
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_THAT(outcome.text, AllOf(HasSubstr("exit status 3"), HasSubstr("TypeError: something broke")));
  EXPECT_EQ(listener.text(), "before the crash");
  EXPECT_THAT(run("die").text, HasSubstr("killed by SIGKILL"));
  EXPECT_EQ(run("say again").text, "again");
}

TEST_F(PiAgentTest, AProcessThatExitsAtOnceFailsOnlyItsJob) {
  fs::create_directory(session_folder());
  write_file(session_folder() / "crash-once", "");
  const auto outcome = run("say hi");
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_THAT(outcome.text, AllOf(HasSubstr("could not be started"), HasSubstr("crashed at the start")));
  EXPECT_EQ(run("say hi").text, "hi");
}

TEST_F(PiAgentTest, AMissingProgramIsNamed) {
  settings.pi_command = {"/nonexistent/pi"};
  EXPECT_THAT(run("say hi").text, HasSubstr("/nonexistent/pi"));
}

TEST_F(PiAgentTest, AProcessThatNeverGetsReadyIsEnded) {
  become({"STAND_IN_START=hang"});
  options.spawn_timeout = 200ms;
  EXPECT_THAT(run("say hi").text, HasSubstr("did not start within"));
}

TEST_F(PiAgentTest, ASilentAgentIsEnded) {
  options.silence_timeout = 200ms;
  const auto outcome = run("hang");
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_THAT(outcome.text, HasSubstr("said nothing"));
  options.silence_timeout = 60s;
  EXPECT_EQ(run("say again").text, "again");
}

TEST_F(PiAgentTest, AQuietToolIsNoSilence) {
  options.silence_timeout = 1'500ms;
  const auto outcome = run("tool sleep 4");
  EXPECT_EQ(outcome.text, "tool ran");
  EXPECT_THAT(commands(), HasSubstr("alive"));
}

TEST_F(PiAgentTest, AJobThatTakesTooLongIsAbortedAndFails) {
  options.job_timeout = 2s;
  const auto outcome = run("wait");
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_THAT(outcome.text, HasSubstr("took longer than"));
  options.job_timeout = 60s;
  EXPECT_EQ(run("say still warm").text, "still warm");
}

TEST_F(PiAgentTest, AnAbortEndsTheTurnAndLeavesTheSessionWarm) {
  for (const char* version : {"STAND_IN=0.87", "STAND_IN=1.5"}) {
    become({version}, folder.path() / "pi_stand_in.py");
    const auto outcome =
        run_and(EventType::agent_text_delta, "wait", [](PiAgent& agent) { agent.abort(60s); });
    EXPECT_EQ(outcome.kind, Kind::aborted) << version;
    EXPECT_EQ(run("say still here").text, "still here");
  }
  EXPECT_THAT(commands(), testing::ContainsRegex("clear_queue.*\n.*\"abort\""));
}

TEST_F(PiAgentTest, AnAbortInATool) {
  const auto begin = std::chrono::steady_clock::now();
  const auto outcome =
      run_and(EventType::tool_start, "tool sleep 600", [&](PiAgent& agent) { agent.abort(60s); });
  EXPECT_EQ(outcome.kind, Kind::aborted);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s) << "it was asked, and not killed after its time";
}

TEST_F(PiAgentTest, AnAbortBeforeThePromptSendsNone) {
  auto agent = make_agent();
  agent.abort(5s);
  const auto outcome = run_to_end(context, agent.run(make_job("say hi"), listener));
  EXPECT_EQ(outcome.kind, Kind::aborted);
  EXPECT_FALSE(fs::exists(session_folder() / "commands.log"));
}

TEST_F(PiAgentTest, AnAgentThatDoesNotObeyIsKilledWithAllItHasStarted) {
  const auto outcome =
      run_and(EventType::agent_text_delta, "stubborn", [](PiAgent& agent) { agent.abort(100ms); });
  EXPECT_EQ(outcome.kind, Kind::aborted);
  EXPECT_EQ(run("say next").text, "next");
  run_to_end(context, pool->shut_down(200ms));
  EXPECT_TRUE(all_has_gone());
}

TEST_F(PiAgentTest, AMessageSteersTheRunningTurn) {
  const auto outcome = run_and(EventType::agent_text_delta, "steered",
                               [](PiAgent& agent) { agent.message(api::MessageMode::steer, "go left"); });
  EXPECT_EQ(outcome.text, "steered: go left");
}

TEST_F(PiAgentTest, AMessageBeforeTheRunWaitsForIt) {
  auto agent = make_agent();
  agent.message(api::MessageMode::follow_up, "early");
  const auto outcome = run_to_end(context, agent.run(make_job("steered"), listener));
  EXPECT_EQ(outcome.text, "steered: early");
  EXPECT_LT(commands().find("\"prompt\""), commands().find("\"follow_up\""));
}

TEST_F(PiAgentTest, ASessionThatAnotherWorkerHasOpenIsRefused) {
  ASSERT_EQ(run("say hi").kind, Kind::completed);
  SessionPool other(
      context.get_executor(),
      [this](const Conversation& conversation) {
        return open_pi_session(context.get_executor(), settings, home, *services, sandbox, conversation);
      },
      60s);
  const auto refused = other.try_acquire(conversation("telegram:1:v1"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("another worker"));
  run_to_end(context, other.shut_down(1s));
}

TEST_F(PiAgentTest, NothingIsLeftAfterTheEnd) {
  run("say hi");
  run("tool setsid sleep 600 >/dev/null 2>&1 &");
  EXPECT_TRUE(anything_runs());
  run_to_end(context, pool->shut_down(1s));
  EXPECT_TRUE(all_has_gone());
  EXPECT_TRUE(fs::is_empty(home.scratch));
}

}  // namespace
}  // namespace butler::worker::pi_agent_test
