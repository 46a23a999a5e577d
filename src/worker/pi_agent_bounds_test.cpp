// Agents that say more than anybody can use.
#include <gmock/gmock.h>

#include "worker/pi_agent_fixture.hpp"

namespace butler::worker::pi_agent_bounds_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing_support::PiAgentTest;
using Kind = Outcome::Kind;

TEST_F(PiAgentTest, AnAgentThatNeverStopsTalkingIsEndedAtItsDeadline) {
  options.job_timeout = 400ms;
  options.abort_patience = 100ms;
  const auto outcome = run("babble");
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_THAT(outcome.text, HasSubstr("the job took longer than"));
  EXPECT_LE(listener.events.size() * 1'000, std::size_t{2} * 1'000'000) << "thoughts are bounded";
  EXPECT_EQ(run("say still here").text, "still here");
}

TEST_F(PiAgentTest, AFloodWithoutLinesIsPassedOverAndTheWorkGoesOn) {
  EXPECT_EQ(run("flood").text, "after the flood");
}

TEST_F(PiAgentTest, CallsWithoutEndEndTheAgent) {
  const auto outcome = run("tools");
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_THAT(outcome.text, HasSubstr("more than 10000 tools"));
  EXPECT_EQ(run("say still here").text, "still here");
}

}  // namespace
}  // namespace butler::worker::pi_agent_bounds_test
