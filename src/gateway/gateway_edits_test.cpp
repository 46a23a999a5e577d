#include "gateway/gateway_fixture.hpp"
#include "gateway/replacement.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_turns.hpp"

namespace butler::gateway::gateway_edits_test {

namespace {

using namespace std::chrono_literals;
using domain::JobStatus;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto english = wording::Language::en;

/// Messages that people change, on the whole gateway.
class EditsTest : public GatewayTest {
 protected:
  EditsTest() {
    orchestrator.instant_agent = false;
    options.watching.until_told = 60s;
  }

  /// Says it, and waits for its job; the message's id.
  std::int64_t queue(const std::string& text) {
    const std::int64_t id = telegram.next_message_id;
    say(text);
    EXPECT_TRUE(until([&] { return std::ranges::count(orchestrator.created, text) == 1; }));
    return id;
  }

  void edit(std::int64_t message_id, std::string text) { telegram.edit(message_id, std::move(text), owner); }

  /// The prompts of the jobs that have not ended, oldest first.
  std::vector<std::string> waiting() const {
    std::vector<std::string> prompts;
    for (const auto& [id, job] : orchestrator.jobs) {
      if (job.status == JobStatus::queued) prompts.push_back(job.prompt);
    }
    return prompts;
  }

  std::string taken() const { return wording::edit_taken(english); }
};

TEST_F(EditsTest, AChangedMessageTakesThePlaceOfTheJobThatWaits) {
  start();
  start_job("first");
  const auto message = queue("secnd");
  edit(message, "second");

  ASSERT_TRUE(shown(1));
  ASSERT_TRUE(created(3));
  EXPECT_THAT(waiting(), ElementsAre("second"));
  EXPECT_EQ(orchestrator.job_with_prompt("secnd").error, replaced_reason);
  EXPECT_THAT(texts(), ElementsAre(taken())) << "nothing is said of the end of the other job";
  EXPECT_TRUE(json::find_true(telegram.shown[0].body, "disable_notification"));
}

TEST_F(EditsTest, AnEditWithoutAChangeOfWordsDoesNothing) {
  start();
  start_job("first");
  const auto message = queue("second");
  edit(message, "second");
  edit(message, "/task second");
  queue("third");

  ASSERT_TRUE(at_rest());
  EXPECT_THAT(texts(), IsEmpty());
  EXPECT_THAT(waiting(), ElementsAre("second", "third"));
}

TEST_F(EditsTest, AMessageThatIsWorkedOnIsNotChangedAndThePersonHearsHowToSteer) {
  start();
  const auto message = telegram.next_message_id;
  start_job("frist");
  edit(message, "first");

  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::edit_too_late(english, short_id("frist"))));
  EXPECT_THAT(orchestrator.created, ElementsAre("frist"));
}

TEST_F(EditsTest, AnAnsweredMessageIsNotDoneAgain) {
  orchestrator.instant_agent = true;
  start();
  const auto message = queue("frist");
  ASSERT_TRUE(shown(1));
  edit(message, "first");

  ASSERT_TRUE(shown(2));
  EXPECT_EQ(texts()[1], wording::edit_over(english));
  EXPECT_THAT(orchestrator.created, ElementsAre("frist"));
}

TEST_F(EditsTest, WhatTheOrchestratorCannotKnowYetIsChangedInItsPlace) {
  start();
  orchestrator.hold_creates = true;
  say("first");
  ASSERT_TRUE(until([&] { return orchestrator.held_creates == 1; }));
  const auto message = telegram.next_message_id;
  say("secnd");
  say("third");
  edit(message, "second");
  ASSERT_TRUE(until([&] { return telegram.updates.empty(); }));
  orchestrator.hold_creates = false;
  orchestrator.changed.notify_all();

  ASSERT_TRUE(created(3));
  EXPECT_THAT(orchestrator.created, ElementsAre("first", "second", "third"));
}

TEST_F(EditsTest, WhatIsOnItsWayIsReplacedOnceItIsKnown) {
  start();
  orchestrator.hold_creates = true;
  const auto message = telegram.next_message_id;
  say("frist");
  ASSERT_TRUE(until([&] { return orchestrator.held_creates == 1; }));
  edit(message, "first");
  ASSERT_TRUE(until([&] { return telegram.updates.empty(); }));
  orchestrator.hold_creates = false;
  orchestrator.changed.notify_all();

  ASSERT_TRUE(created(2));
  EXPECT_THAT(orchestrator.created, ElementsAre("frist", "first"));
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(waiting(), ElementsAre("first"));
}

TEST_F(EditsTest, OfManyEditsTheLastOneIsDone) {
  start();
  start_job("first");
  const auto message = queue("a");
  edit(message, "b");
  edit(message, "c");
  edit(message, "d");

  ASSERT_TRUE(until([&] { return waiting() == std::vector<std::string>{"d"}; }));
  ASSERT_TRUE(at_rest());
  EXPECT_THAT(waiting(), ElementsAre("d"));
}

TEST_F(EditsTest, AnEditBackToWhatItWasIsAnEditAsWell) {
  start();
  start_job("first");
  const auto message = queue("a");
  edit(message, "b");
  ASSERT_TRUE(until([&] { return waiting() == std::vector<std::string>{"b"}; }));
  edit(message, "a");
  ASSERT_TRUE(until([&] { return waiting() == std::vector<std::string>{"a"}; }));
}

TEST_F(EditsTest, AKilledGatewayLeavesOneJobWhateverWasDone) {
  start();
  start_job("first");
  const auto message = queue("secnd");
  orchestrator.on_aborted = [this] { cut(); };  // it is stopped, and the gateway does not know
  edit(message, "second");
  ASSERT_TRUE(until([&] { return !running; }));
  EXPECT_THAT(waiting(), IsEmpty());
  restart();

  ASSERT_TRUE(until([&] { return waiting() == std::vector<std::string>{"second"}; }));
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(taken()));
}

TEST_F(EditsTest, AJobThatSomebodyHasStoppedIsNotBroughtBackByAnEdit) {
  start();
  start_job("first");
  const auto message = queue("second");
  orchestrator.finish(orchestrator.job_with_prompt("second").id, JobStatus::aborted, {},
                      "stopped in the chat");
  ASSERT_TRUE(shown(1));
  edit(message, "second, please");

  ASSERT_TRUE(shown(2));
  EXPECT_EQ(texts()[1], wording::edit_over(english));
  EXPECT_THAT(waiting(), IsEmpty());
}

TEST_F(EditsTest, AnEditMakesNoCommandAndChangesNone) {
  start();
  start_job("first");
  const auto message = queue("second");
  edit(message, "/run rm -rf /");
  ASSERT_TRUE(shown(1));
  const auto run = telegram.next_message_id;
  say("/run ls");
  ASSERT_TRUE(shown(2));  // it asks for an approval
  edit(run, "/run rm -rf /");
  ASSERT_TRUE(shown(3));

  EXPECT_EQ(texts()[0], wording::edit_refused(english, EditRefusal::now_command));
  EXPECT_EQ(texts()[2], wording::edit_refused(english, EditRefusal::is_command));
  EXPECT_THAT(orchestrator.created, ElementsAre("first", "second", "ls"));
}

TEST_F(EditsTest, AChangedMessageMayNotGetTooLong) {
  start();
  start_job("first");
  const auto message = queue("second");
  edit(message, std::string(101, 'x'));
  ASSERT_TRUE(shown(1));
  EXPECT_THAT(texts(), ElementsAre(wording::prompt_too_long(english, 101, 100)));
  EXPECT_THAT(waiting(), ElementsAre("second"));
}

TEST_F(EditsTest, NobodyChangesWhatSomebodyElseHasAsked) {
  settings.owners = {owner, 43};
  start();
  start_job("first");
  const auto message = queue("second");
  telegram.edit(message, "rob the bank", 43, {{"chat", json::Object{{"id", owner}, {"type", "private"}}}});
  telegram.edit(message, "rob the bank", 43);
  telegram.edit(message, "rob the bank", 44);  // a stranger
  queue("third");

  ASSERT_TRUE(at_rest());
  EXPECT_THAT(waiting(), ElementsAre("second", "third"));
  EXPECT_THAT(texts(), IsEmpty()) << "a stranger's edit is no reason to speak";
}

TEST_F(EditsTest, OneMessageOfABurstCanBeChanged) {
  settings.gather = 150ms;
  start();
  start_job("first");
  const auto message = telegram.next_message_id;
  say("a");
  say("b");
  ASSERT_TRUE(created(2));
  edit(message + 1, "c");

  ASSERT_TRUE(created(3));
  EXPECT_EQ(orchestrator.created.back(), "a\n\nc");
}

TEST_F(EditsTest, AnEditThatWaitsMovesWithItsGroup) {
  constexpr std::int64_t supergroup = -100'777;
  const json::Object old_group{{"id", group}, {"type", "group"}};
  start();
  orchestrator.hold_creates = true;
  const std::int64_t message = telegram.next_message_id;
  say_in_group("/task secnd");
  ASSERT_TRUE(until([&] { return orchestrator.held_creates == 1; }));
  telegram.edit(message, "/task second", owner, {{"chat", old_group}});
  telegram.push({{"message", json::Object{{"message_id", telegram.next_message_id++},
                                          {"date", 1'700'000'000},
                                          {"chat", old_group},
                                          {"migrate_to_chat_id", supergroup}}}});
  ASSERT_TRUE(until([&] { return telegram.updates.empty(); }));
  orchestrator.hold_creates = false;
  orchestrator.changed.notify_all();

  ASSERT_TRUE(created(2));
  EXPECT_THAT(orchestrator.created, ElementsAre("secnd", "second"));
  EXPECT_THAT(waiting(), ElementsAre("second"));
}

}  // namespace

}  // namespace butler::gateway::gateway_edits_test
