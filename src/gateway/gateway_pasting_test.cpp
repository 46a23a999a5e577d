#include "gateway/gateway_fixture.hpp"
#include "gateway/wording.hpp"

namespace butler::gateway::gateway_pasting_test {

namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

/// Long texts that a client has cut, on the whole gateway.
class PastingTest : public GatewayTest {
 protected:
  PastingTest() {
    settings.prompt_max_chars = 15'000;
    options.pasting.window = std::chrono::milliseconds{40};
    options.pasting.longest = std::chrono::milliseconds{200};
  }

  const domain::Job& job(std::string_view prompt) const { return orchestrator.job_with_prompt(prompt); }

  static json::Object mention(std::int64_t offset) {
    return {{"entities", json::Array{json::Object{{"type", "mention"}, {"offset", offset}, {"length", 11}}}}};
  }
};

TEST_F(PastingTest, ATextThatTheClientHasCutIsOneRequest) {
  start();
  const std::string a(4'096, 'a');
  const std::string b(4'050, 'b');
  say(a);
  say(b);
  say("the end");
  say("next");

  ASSERT_TRUE(shown(2));
  EXPECT_THAT(orchestrator.created, ElementsAre(a + b + "\nthe end", "next"));
}

TEST_F(PastingTest, ALongMessageWithoutARestGoesWhenItsWindowIsOver) {
  start();
  const std::string a(4'096, 'a');
  say(a);
  ASSERT_TRUE(shown(1));
  say("later");
  ASSERT_TRUE(shown(2));
  EXPECT_THAT(orchestrator.created, ElementsAre(a, "later"));
}

TEST_F(PastingTest, PartsOfDifferentPeopleAreNeverJoinedAndKeepTheirOrder) {
  settings.owners = {owner, 43};
  options.pasting.window = std::chrono::milliseconds{500};
  start();
  const std::string long_text = "@butler_bot " + std::string(4'060, 'a');
  say_in_group(long_text, owner, mention(0));
  say_in_group("/task mine", 43);
  say_in_group("the rest", owner);

  ASSERT_TRUE(shown(2));
  EXPECT_THAT(orchestrator.created, ElementsAre(std::string(4'060, 'a') + "\nthe rest", "mine"));
}

TEST_F(PastingTest, ACommandIsNoPartAndCompletesTheText) {
  options.pasting.window = std::chrono::seconds{60};
  start();
  const std::string a(4'096, 'a');
  say(a);
  say("/new b");

  ASSERT_TRUE(shown(2));
  EXPECT_THAT(orchestrator.created, ElementsAre(a, "b"));
  EXPECT_EQ(job(a).session_key, "telegram:42:v1");
}

TEST_F(PastingTest, APasteOverTheLimitIsRefusedOnceWithItsFigure) {
  settings.prompt_max_chars = 8'000;
  start();
  say(std::string(4'096, 'a'));
  say(std::string(4'096, 'b'));
  say("end");
  say("short");

  ASSERT_TRUE(shown(2));
  EXPECT_THAT(texts(), UnorderedElementsAre(wording::prompt_too_long(8'195, 8'000), "re: short"));
  EXPECT_THAT(orchestrator.created, ElementsAre("short"));
}

TEST_F(PastingTest, AKilledGatewayForgetsNoPartOfAnOpenText) {
  options.pasting.window = std::chrono::seconds{60};
  options.pasting.longest = std::chrono::seconds{60};
  start();
  const std::string a(4'096, 'a');
  say(a);
  ASSERT_TRUE(until([&] { return telegram.updates.empty(); }));
  kill();
  start();
  say("the end");

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(orchestrator.created, ElementsAre(a + "the end"));
}

}  // namespace

}  // namespace butler::gateway::gateway_pasting_test
