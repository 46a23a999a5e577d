// What stands between the agent and a tool call: the policy, people, and the gate itself.
#include <gmock/gmock.h>

#include "worker/pi_agent_fixture.hpp"

namespace butler::worker::pi_agent_gate_test {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using domain::EventType;
using policy::Verdict;
using testing::HasSubstr;
using testing::Not;
using testing_support::decides;
using testing_support::file_content;
using testing_support::make_job;
using testing_support::PiAgentTest;
using testing_support::run_to_end;
using Kind = Outcome::Kind;

class PiAgentGateTest : public PiAgentTest {
 protected:
  bool made() const { return fs::exists(settings.workspace / "made"); }
  /// Runs the prompt; `act` is called with the agent when somebody is asked.
  Outcome run_and_when_asked(const std::string& prompt, const std::function<void(PiAgent&)>& act) {
    auto agent = make_agent();
    listener.on_ask = [&](const api::ApprovalRequest&) { act(agent); };
    auto outcome = run_to_end(context, agent.run(make_job(prompt), listener));
    listener.on_ask = nullptr;
    return outcome;
  }
  void after(std::chrono::milliseconds delay, std::function<void()> act) {
    timer.expires_after(delay);
    timer.async_wait([act = std::move(act)](const boost::system::error_code&) { act(); });
  }

  asio::steady_timer timer{context};
};

TEST_F(PiAgentGateTest, ADeniedToolNeverStartsAndIsNotReported) {
  decide = decides(Verdict::deny, "Not here.");
  const auto outcome = run("tool touch made");
  EXPECT_THAT(outcome.text, HasSubstr("(rule test-rule). Not here."));
  EXPECT_FALSE(made());
  EXPECT_EQ(listener.count(EventType::tool_start), 0U);
  EXPECT_EQ(listener.count(EventType::tool_end), 0U);
  EXPECT_THAT(listener.first(EventType::log), HasSubstr("policy_denied"));
}

TEST_F(PiAgentGateTest, AToolThatIsAskedForIsNotReportedBeforeItIsAllowed) {
  decide = decides(Verdict::ask);
  const auto outcome = run_and_when_asked("tool touch made", [&](PiAgent&) {
    EXPECT_EQ(listener.count(EventType::tool_start), 0U);
    EXPECT_FALSE(made());
    listener.decide({.allowed = true});
  });
  EXPECT_EQ(outcome.text, "tool ran");
  EXPECT_EQ(listener.count(EventType::tool_start), 1U);
  EXPECT_EQ(listener.asked.at(0).sandbox_profile, "none/1");
}

TEST_F(PiAgentGateTest, ANoReachesTheAgentWithItsReason) {
  decide = decides(Verdict::ask);
  listener.permission = Permission{.allowed = false, .reason = "Use the other folder."};
  EXPECT_EQ(run("tool touch made").text, "tool was blocked: Use the other folder.");
  EXPECT_FALSE(made());
}

TEST_F(PiAgentGateTest, TwoCallsThatTheModelNamesAlikeAreAskedForByTheirOwnIds) {
  decide = decides(Verdict::ask);
  listener.permission = Permission{.allowed = true};
  EXPECT_EQ(run("again touch made").text, "ran [True, True]");
  ASSERT_EQ(listener.asked.size(), 2U);
  EXPECT_EQ(listener.asked[0].tool_call_id, "call_1");
  EXPECT_EQ(listener.asked[1].tool_call_id, "call_1#2");
}

TEST_F(PiAgentGateTest, WaitingForPeopleCountsAgainstNoDeadline) {
  decide = decides(Verdict::ask);
  options.silence_timeout = 1'500ms;
  options.job_timeout = 4s;
  const auto outcome = run_and_when_asked(
      "tool touch made", [&](PiAgent&) { after(5s, [&] { listener.decide({.allowed = true}); }); });
  EXPECT_EQ(outcome.text, "tool ran");
}

TEST_F(PiAgentGateTest, TheJobsTimeGoesOnAfterTheWait) {
  decide = decides(Verdict::ask);
  options.job_timeout = 2'000ms;
  const auto outcome = run_and_when_asked(
      "tool sleep 600", [&](PiAgent&) { after(300ms, [&] { listener.decide({.allowed = true}); }); });
  EXPECT_THAT(outcome.text, HasSubstr("took longer than"));
}

TEST_F(PiAgentGateTest, AnAbortWhileSomebodyIsAskedEndsAtOnceAndStartsNothing) {
  decide = decides(Verdict::ask);
  const auto begin = std::chrono::steady_clock::now();
  const auto outcome = run_and_when_asked("tool touch made", [&](PiAgent& agent) { agent.abort(20s); });
  EXPECT_EQ(outcome.kind, Kind::aborted);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 15s);
  EXPECT_FALSE(made());
  EXPECT_EQ(run("say still warm").text, "still warm");
}

TEST_F(PiAgentGateTest, AYesThatCrossesAnAbortStartsNothing) {
  decide = decides(Verdict::ask);
  run_and_when_asked("tool touch made", [&](PiAgent& agent) {
    listener.permission = Permission{.allowed = true};
    agent.abort(20s);
  });
  EXPECT_FALSE(made());
  EXPECT_EQ(listener.count(EventType::tool_start), 0U);
}

TEST_F(PiAgentGateTest, SteeringWorksWhileSomebodyIsAsked) {
  decide = decides(Verdict::ask);
  const auto outcome = run_and_when_asked("tool touch made", [&](PiAgent& agent) {
    agent.message(api::MessageMode::steer, "and hurry");
    listener.decide({.allowed = true});
  });
  EXPECT_EQ(outcome.text, "tool ran");
  EXPECT_THAT(commands(), HasSubstr("and hurry"));
}

TEST_F(PiAgentGateTest, APiWithoutItsGateIsGivenNoPrompt) {
  options.gate_patience = 100ms;
  for (const char* gate : {"STAND_IN_GATE=missing", "STAND_IN_GATE=0"}) {
    become({gate}, folder.path() / "pi_stand_in.py");
    const auto outcome = run("tool touch made");
    EXPECT_EQ(outcome.kind, Kind::failed) << gate;
    EXPECT_THAT(outcome.text, HasSubstr("tool gate")) << gate;
    EXPECT_THAT(commands(), Not(HasSubstr("\"prompt\""))) << gate;
  }
  become({}, folder.path() / "pi_stand_in.py");
  EXPECT_EQ(run("say hi").text, "hi") << "the next job gets another process";
}

TEST_F(PiAgentGateTest, AToolThatRanWithoutTheGateEndsTheAgent) {
  const auto outcome = run("ungated touch made");
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_THAT(outcome.text, HasSubstr("without asking"));
  const auto pid = run("pid").text;
  EXPECT_EQ(run("pid").text, pid) << "a new process, which stays";
}

TEST_F(PiAgentGateTest, AToolThatThereIsNotIsNoReasonToEndIt) {
  EXPECT_EQ(run("unknown-tool").text, "there is no such tool");
  EXPECT_EQ(listener.count(EventType::tool_start), 0U);
}

TEST_F(PiAgentGateTest, AnInterruptedJobIsToldToGoOnWhereItsHistoryEnds) {
  run("say hi");
  run_to_end(context, pool->shut_down(1s));
  pool.reset();
  listener.interrupted = api::Approval{.tool_name = "bash", .input = json::Object{{"command", "touch made"}}};
  run("say please make it");
  EXPECT_THAT(commands(), HasSubstr("Note from Butler"));
  EXPECT_THAT(commands(), HasSubstr("touch made"));
}

TEST_F(PiAgentGateTest, AnInterruptedJobWhoseHistoryIsGoneIsPromptedAnew) {
  listener.interrupted = api::Approval{.tool_name = "bash"};
  EXPECT_EQ(run("say from the start").text, "from the start");
}

}  // namespace
}  // namespace butler::worker::pi_agent_gate_test
