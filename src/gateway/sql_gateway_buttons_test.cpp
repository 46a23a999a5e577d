#include "gateway/sql_gateway_fixture.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway::sql_gateway_buttons_test {

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// The buttons' part of the store; restart() is what a new process sees.
class ButtonRecordsTest : public GatewayStoreTest {
 protected:
  static ButtonRow row(const std::string& token, const std::string& matter, std::int64_t place = 0) {
    return {.token = token,
            .place = place,
            .button = {.label = "Approve",
                       .action = ButtonAction::approve_job,
                       .subject = "job",
                       .style = ButtonStyle::success},
            .matter = matter};
  }

  /// A keyboard with one button, under the message.
  std::int64_t keyboard(const std::string& token, const std::string& matter, std::int64_t message_id = 5,
                        Audience audience = {.lane = {42}, .job_id = "job"}) {
    const auto id = store->add_keyboard(audience, {row(token, matter)}, now);
    store->bind_keyboard(id, audience.lane, message_id);
    return id;
  }
};

TEST_P(ButtonRecordsTest, AKeyboardIsKeptAsItWasMade) {
  const Audience audience{
      .lane = {-5, 3}, .person_id = 7, .job_id = "job", .expires_at = domain::Timestamp{1'700'000'000'000ms}};
  const auto id = store->add_keyboard(audience, {row("a", "job:1"), row("b", "job:1", 1)}, now);
  restart();

  const auto found = needed(store->keyboard(id));
  EXPECT_EQ(found, (KeyboardRow{.id = id, .audience = audience}));
  auto first = row("a", "job:1");
  first.keyboard_id = id;
  EXPECT_EQ(store->button("a"), first);
  EXPECT_THAT(store->buttons_of(id), ElementsAre(first, Field(&ButtonRow::token, "b")));
  EXPECT_EQ(store->button("c"), std::nullopt);
}

TEST_P(ButtonRecordsTest, ItIsBoundOnceToWhereItWasSent) {
  const auto id = store->add_keyboard({.lane = {-5, 3}}, {row("a", "m")}, now);
  store->bind_keyboard(id, {-5}, 8);
  store->bind_keyboard(id, {-5}, 9);
  EXPECT_EQ(needed(store->keyboard(id)).message_id, 8);
  EXPECT_EQ(needed(store->keyboard(id)).audience.lane, (Lane{-5})) << "its topic was gone";
}

TEST_P(ButtonRecordsTest, ANewKeyboardOfAMessageEndsTheFormer) {
  const auto former = keyboard("a", "m", 5);
  const auto later = keyboard("b", "m", 5);
  EXPECT_EQ(needed(store->keyboard(former)).outcome, "");
  EXPECT_EQ(needed(store->keyboard_of(42, 5)).id, later);
  EXPECT_THAT(store->chats_with_keyboards_to_show(), IsEmpty()) << "the former is not shown any more";
}

TEST_P(ButtonRecordsTest, OnePressInAMatterAtATime) {
  keyboard("a", "m");
  const ButtonPress press{.matter = "m", .update_id = 1, .token = "a", .person_name = "Ada"};
  EXPECT_TRUE(store->add_press(press));
  EXPECT_FALSE(store->add_press({.matter = "m", .update_id = 2, .token = "a", .person_name = "Bob"}));
  restart();
  EXPECT_EQ(store->press_in("m"), press);
  EXPECT_EQ(store->press_by(1), press);
  EXPECT_EQ(store->press_by(2), std::nullopt);
  store->remove_press(1);
  EXPECT_EQ(store->press_in("m"), std::nullopt);
}

TEST_P(ButtonRecordsTest, AnEndIsShownUntilItWasShown) {
  const auto id = keyboard("a", "m");
  EXPECT_THAT(store->open_keyboards("m"), SizeIs(1));
  store->end_keyboard(id, "Approved");
  store->end_keyboard(id, "Denied");
  restart();
  EXPECT_THAT(store->open_keyboards("m"), IsEmpty());
  EXPECT_EQ(needed(store->keyboard_to_show(42)).outcome, "Approved") << "the first end stands";
  EXPECT_THAT(store->chats_with_keyboards_to_show(), ElementsAre(42));
  store->set_shown(id);
  EXPECT_EQ(store->keyboard_to_show(42), std::nullopt);
  store->show_again(id);
  EXPECT_NE(store->keyboard_to_show(42), std::nullopt);
}

TEST_P(ButtonRecordsTest, WhatEndsBeforeItIsSentIsShownAfterwards) {
  const auto id = store->add_keyboard({.lane = {42}}, {row("a", "m")}, now);
  store->end_keyboard(id, "Approved");
  EXPECT_THAT(store->chats_with_keyboards_to_show(), IsEmpty());
  store->bind_keyboard(id, {42}, 5);
  EXPECT_THAT(store->chats_with_keyboards_to_show(), ElementsAre(42));
}

TEST_P(ButtonRecordsTest, UsedButtonsKeepTheirLabelAndTheOthers) {
  const auto id = store->add_keyboard({.lane = {42}}, {row("a", "retry:1"), row("b", "other", 1)}, now);
  store->bind_keyboard(id, {42}, 5);
  store->use_buttons("retry:1", "Retried");
  store->use_buttons("retry:1", std::nullopt);
  EXPECT_TRUE(needed(store->button("a")).used);
  EXPECT_EQ(needed(store->button("a")).used_label, "Retried");
  EXPECT_FALSE(needed(store->button("b")).used);
  EXPECT_THAT(store->open_keyboards("retry:1"), IsEmpty());
  EXPECT_THAT(store->open_keyboards("other"), SizeIs(1));
  EXPECT_FALSE(needed(store->keyboard(id)).shown);
}

TEST_P(ButtonRecordsTest, TheLabelOfUsedButtonsCanGoAway) {
  const auto id = store->add_keyboard({.lane = {42}}, {row("a", "stop:1"), row("b", "stop:2", 1)}, now);
  store->bind_keyboard(id, {42}, 5);
  store->use_buttons("stop:1", "Stopping");
  store->use_buttons("stop:2", "Stopping");
  store->set_shown(id);
  EXPECT_THAT(store->drop_button_labels("stop:1"), ElementsAre(Field(&KeyboardRow::id, id)));
  EXPECT_EQ(needed(store->button("a")).used_label, std::nullopt);
  EXPECT_TRUE(needed(store->button("a")).used);
  EXPECT_EQ(needed(store->button("b")).used_label, "Stopping");
  EXPECT_FALSE(needed(store->keyboard(id)).shown);
  EXPECT_THAT(store->drop_button_labels("stop:1"), IsEmpty());
}

TEST_P(ButtonRecordsTest, KeyboardsAreFoundByTheirJobAndByTheirTime) {
  const auto of_job = keyboard("a", "m", 5);
  const auto timed = keyboard("b", "n", 6, {.lane = {42}, .expires_at = now + 1min});
  EXPECT_THAT(store->open_keyboards_of_job("job"), ElementsAre(Field(&KeyboardRow::id, of_job)));
  EXPECT_THAT(store->open_keyboards_of_job(""), IsEmpty());
  EXPECT_EQ(store->next_expiry(), needed(store->keyboard(timed)).audience.expires_at);
  EXPECT_THAT(store->expired_keyboards(now), IsEmpty());
  EXPECT_THAT(store->expired_keyboards(now + 1min), ElementsAre(Field(&KeyboardRow::id, timed)));
  store->end_keyboard(timed, "");
  EXPECT_EQ(store->next_expiry(), std::nullopt);
}

TEST_P(ButtonRecordsTest, InAGroupThatMovesOldMessagesDoNothingAndUnsentOnesGoAlong) {
  const auto old = keyboard("a", "m", 5, {.lane = {-5}});
  const auto unsent = store->add_keyboard({.lane = {-5}}, {row("b", "n")}, now);
  store->move_chat(-5, -1'005);
  EXPECT_EQ(needed(store->keyboard(old)).outcome, "");
  EXPECT_THAT(store->chats_with_keyboards_to_show(), IsEmpty()) << "its id names another message now";
  EXPECT_EQ(needed(store->keyboard(unsent)).audience.lane.chat_id, -1'005);
}

TEST_P(ButtonRecordsTest, WhatIsOverIsForgottenAndWhatWaitsIsNot) {
  const auto over = keyboard("a", "m", 5);
  const auto waits = keyboard("b", "n", 6);
  store->end_keyboard(over, "");
  store->prune(now + std::chrono::days{31});
  EXPECT_EQ(store->keyboard(over), std::nullopt);
  EXPECT_EQ(store->button("a"), std::nullopt);
  EXPECT_NE(store->keyboard(waits), std::nullopt);
}

TEST_P(ButtonRecordsTest, AKeyboardThatIsNotSentAfterAllIsRemoved) {
  const auto id = store->add_keyboard({.lane = {42}}, {row("a", "m")}, now);
  store->remove_keyboard(id);
  EXPECT_EQ(store->button("a"), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Backends, ButtonRecordsTest, all_backends());

}  // namespace

}  // namespace butler::gateway::sql_gateway_buttons_test
