#include "domain/utf8.hpp"
#include "gateway/gateway_fixture.hpp"
#include "gateway/wording.hpp"

namespace butler::gateway::gateway_pasting_test {

namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::StartsWith;

/// Long texts that a client has cut, on the whole gateway.
class PastingTest : public GatewayTest {
 protected:
  PastingTest() {
    settings.prompt_max_chars = 15'000;
    options.gathering.paste_window = std::chrono::milliseconds{40};
    options.gathering.longest = std::chrono::milliseconds{200};
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
  ASSERT_TRUE(until([&] { return orchestrator.created.size() == 2; })) << testing::PrintToString(texts());
  EXPECT_THAT(orchestrator.created, ElementsAre(a, "later"));
}

TEST_F(PastingTest, PartsOfDifferentPeopleAreNeverJoinedAndKeepTheirOrder) {
  settings.owners = {owner, 43};
  options.gathering.paste_window = std::chrono::milliseconds{500};
  start();
  const std::string long_text = "@butler_bot " + std::string(4'060, 'a');
  say_in_group(long_text, owner, mention(0));
  say_in_group("/task mine", 43);
  say_in_group("the rest", owner);

  ASSERT_TRUE(shown(2));
  EXPECT_THAT(orchestrator.created, ElementsAre(std::string(4'060, 'a') + "\nthe rest", "mine"));
}

TEST_F(PastingTest, ACommandIsNoPartAndCompletesTheText) {
  options.gathering.paste_window = std::chrono::seconds{60};
  start();
  const std::string a(4'096, 'a');
  say(a);
  say("/new b");

  ASSERT_TRUE(shown(2));
  EXPECT_THAT(orchestrator.created, ElementsAre(a, "b"));
  EXPECT_EQ(job(a).session_key, "telegram:42:v1");
}

TEST_F(PastingTest, APasteOverTheLimitIsAFileOfItsJobAndThePromptItsBeginning) {
  settings.prompt_max_chars = 8'000;
  start();
  const std::string a(4'096, 'a');
  const std::string b(4'096, 'b');
  say(a);
  say(b);
  say("end");

  ASSERT_TRUE(until([&] { return orchestrator.artifacts.of_job.size() == 1; }));
  const std::string& prompt = orchestrator.created.at(0);
  EXPECT_EQ(domain::count_code_points(prompt), 8'000U);
  EXPECT_THAT(prompt,
              AllOf(StartsWith(a + "bbb"), EndsWith("all of its 8195 characters are in the attached file "
                                                    "1-message.txt.]")));
  const auto& stored = orchestrator.artifacts.of_job.begin()->second.at(0);
  EXPECT_EQ(stored.artifact.name, "1-message.txt");
  EXPECT_EQ(stored.bytes, a + b + "end");
}

TEST_F(PastingTest, ARetryOfALongTextBringsAllOfItAgain) {
  settings.prompt_max_chars = 100;
  start();
  const std::string words(101, 'x');
  say(words);
  ASSERT_TRUE(until([&] { return orchestrator.artifacts.of_job.size() == 1; }));
  orchestrator.finish(orchestrator.artifacts.of_job.begin()->first, domain::JobStatus::failed, {},
                      "no model");
  ASSERT_TRUE(shown(1));

  say("/retry");

  ASSERT_TRUE(until([&] { return orchestrator.artifacts.of_job.size() == 2; }));
  for (const auto& [job, files] : orchestrator.artifacts.of_job) EXPECT_EQ(files.at(0).bytes, words);
}

TEST_F(PastingTest, AMessageOverTheLimitIsAFileToo) {
  settings.prompt_max_chars = 100;
  start();
  say(std::string(101, 'x'));

  ASSERT_TRUE(until([&] { return orchestrator.artifacts.of_job.size() == 1; }));
  EXPECT_EQ(orchestrator.artifacts.of_job.begin()->second.at(0).bytes, std::string(101, 'x'));
}

TEST_F(PastingTest, AKilledGatewayForgetsNoPartOfAnOpenText) {
  options.gathering.paste_window = std::chrono::seconds{60};
  options.gathering.longest = std::chrono::seconds{60};
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
