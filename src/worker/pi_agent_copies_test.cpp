// An agent that works on copies of its files: when they go in and come back, and what happens when they do
// not.
#include <gmock/gmock.h>

#include "worker/pi_agent_fixture.hpp"

namespace butler::worker::pi_agent_copies_test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::PiAgentTest;
using Kind = Outcome::Kind;
using Transfer = sandbox::Copies::Transfer;

/// What becomes of the transfers of a test.
struct Script {
  std::vector<std::string> log;
  Transfer in = std::vector<std::string>{};
  Transfer out = std::vector<std::string>{};
  bool hangs = false;
  std::function<void()> when_hanging = [] {};
};

class ScriptedCopies final : public sandbox::Copies {
 public:
  ScriptedCopies(asio::any_io_executor executor, Script& script)
      : never_(std::move(executor)), script_(script) {}

  asio::awaitable<Transfer> bring_in() override { return move("in", script_.in); }
  asio::awaitable<Transfer> bring_out() override { return move("out", script_.out); }

 private:
  asio::awaitable<Transfer> move(std::string way, Transfer result) {
    script_.log.push_back(std::move(way));
    if (script_.hangs) {
      script_.when_hanging();
      co_await never_.wait();
    }
    co_return result;
  }

  async::Event never_;
  Script& script_;
};

class PiAgentCopiesTest : public PiAgentTest {
 protected:
  PiAgentCopiesTest() {
    sandbox.copies = [this] { return std::make_unique<ScriptedCopies>(context.get_executor(), script); };
    options.copy_patience = 200ms;
  }

  Script script;
};

TEST_F(PiAgentCopiesTest, ATurnsFilesComeBackBeforeItsAnswerAndNewOnesGoInBeforeTheNext) {
  script.out = std::vector<std::string>{".git/hooks/x is protected"};
  EXPECT_EQ(run("say one").text, "one");
  EXPECT_THAT(script.log, ElementsAre("out"));
  EXPECT_THAT(listener.events,
              testing::Contains(testing::Field(&api::ReportedEvent::message,
                                               testing::Optional(HasSubstr("x is protected")))));
  EXPECT_EQ(run("say two").text, "two");
  EXPECT_THAT(script.log, ElementsAre("out", "in", "out"));
}

TEST_F(PiAgentCopiesTest, WhatIsAskedForIsOutsideBeforeTheQuestionAndLookedAtAgainAfterIt) {
  decide = [file = (settings.workspace / "x.sh").string()](const policy::Question&) {
    return policy::Decision{
        .verdict = policy::Verdict::ask, .rule = "test-rule", .reason = "Because.", .executed_files = {file}};
  };
  listener.on_ask = [&](const api::ApprovalRequest&) {
    script.log.emplace_back("asked");
    listener.decide({.allowed = true});
  };
  EXPECT_EQ(run("tool true").text, "tool ran");
  EXPECT_THAT(script.log, ElementsAre("out", "asked", "out", "out"));
  listener.on_ask = nullptr;
}

TEST_F(PiAgentCopiesTest, FilesThatDoNotComeBackFailTheJobAndTheProcess) {
  const auto pid = run("pid").text;
  script.out = std::unexpected("the machine has gone");
  const auto outcome = run("say lost");
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_EQ(outcome.text, "the machine has gone");
  script.out = std::vector<std::string>{};
  EXPECT_NE(run("pid").text, pid);
}

TEST_F(PiAgentCopiesTest, FilesThatDoNotGoInFailTheJobBeforeThePrompt) {
  const auto pid = run("pid").text;
  script.in = std::unexpected("no room");
  const auto outcome = run("say unseen");
  EXPECT_EQ(outcome.text, "no room");
  EXPECT_THAT(commands(), testing::Not(HasSubstr("unseen")));
  EXPECT_NE(run("pid").text, pid);
}

TEST_F(PiAgentCopiesTest, AMachineThatNeverAnswersHoldsUpNeitherJobNorAbort) {
  script.hangs = true;
  EXPECT_THAT(run("say hi").text, HasSubstr("not brought over in time"));

  options.copy_patience = 60s;
  auto agent = make_agent();
  script.when_hanging = [&] { agent.abort(50ms); };
  const auto outcome =
      testing_support::run_to_end(context, agent.run(testing_support::make_job("say hi"), listener));
  EXPECT_EQ(outcome.kind, Kind::aborted);
}

}  // namespace
}  // namespace butler::worker::pi_agent_copies_test
