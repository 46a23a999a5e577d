#include "gateway/delivery_decision.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace butler::gateway::delivery_decision_test {

using namespace std::chrono_literals;
using Action = DeliveryDecision::Action;

void PrintTo(const DeliveryDecision& decision, std::ostream* out) {
  *out << "action " << static_cast<int>(decision.action) << " after " << decision.wait.count() << " ms";
}

namespace {

using telegram::ApiError;

constexpr double no_jitter = 0;
const DeliveryTiming timing;

ApiError refused(int code, std::string description) {
  return {.kind = ApiError::Kind::refused, .error_code = code, .description = std::move(description)};
}

const ApiError lost{.kind = ApiError::Kind::unknown, .description = "the connection was reset"};
const ApiError not_sent{.kind = ApiError::Kind::not_sent, .description = "connection refused"};

DeliveryDecision decide(const ApiError& error, const PartFacts& part = {}) {
  return delivery_decision(std::unexpected(error), part, timing, no_jitter);
}

TEST(DeliveryDecisionTest, WhatTelegramTookIsDone) {
  EXPECT_EQ(delivery_decision(17, {}, timing, no_jitter), (DeliveryDecision{Action::done}));
}

TEST(DeliveryDecisionTest, WhatWasNotSentIsTriedAgainAsOftenAsNeeded) {
  EXPECT_EQ(decide(not_sent, {.attempts = 1}), (DeliveryDecision{Action::retry, 400ms}));
  EXPECT_EQ(decide(not_sent, {.attempts = 2}), (DeliveryDecision{Action::retry, 800ms}));
  EXPECT_EQ(decide(not_sent, {.attempts = 1'000}), (DeliveryDecision{Action::retry, 30s}));
  EXPECT_EQ(decide(not_sent, {.kind = MessageKind::approval}).action, Action::retry);
  EXPECT_EQ(decide(refused(421, "Misdirected Request")).action, Action::retry);
}

TEST(DeliveryDecisionTest, FloodControlIsWaitedForAndABitMore) {
  ApiError flood = refused(429, "Too Many Requests: retry after 7");
  flood.retry_after = 7s;
  EXPECT_EQ(decide(flood, {.attempts = 50}), (DeliveryDecision{Action::retry, 7'500ms}));
  flood.retry_after.reset();
  EXPECT_EQ(decide(flood), (DeliveryDecision{Action::retry, 1'500ms}));
}

TEST(DeliveryDecisionTest, AnAnswerWhoseOutcomeIsUnknownIsRepeatedOnce) {
  for (const ApiError& error : {lost, refused(500, "Internal Server Error"), refused(502, "Bad Gateway")}) {
    EXPECT_EQ(decide(error), (DeliveryDecision{Action::retry_uncertain, 5s})) << error.describe();
    EXPECT_EQ(decide(error, {.unknown_outcomes = 1}).action, Action::leave_uncertain) << error.describe();
  }
}

TEST(DeliveryDecisionTest, AFailureIsRepeatedAsAnAnswerIs) {
  EXPECT_EQ(decide(lost, {.kind = MessageKind::failure}).action, Action::retry_uncertain);
}

TEST(DeliveryDecisionTest, ANoticeOrAnApprovalIsNeverRepeated) {
  EXPECT_EQ(decide(lost, {.kind = MessageKind::notice}).action, Action::leave_uncertain);
  EXPECT_EQ(decide(lost, {.kind = MessageKind::approval}).action, Action::leave_uncertain);
}

TEST(DeliveryDecisionTest, ARestartingServerIsTriedFiveTimes) {
  const ApiError restarting = refused(500, "Internal Server Error: restart");
  EXPECT_EQ(decide(restarting), (DeliveryDecision{Action::retry_restart, 1s}));
  EXPECT_EQ(decide(restarting, {.restarts = 4}), (DeliveryDecision{Action::retry_restart, 16s}));
  EXPECT_EQ(decide(restarting, {.restarts = 5}).action, Action::dead);
  EXPECT_EQ(decide(restarting, {.kind = MessageKind::approval}).action, Action::retry_restart);
}

TEST(DeliveryDecisionTest, RefusedEntitiesAreLeftOutOnce) {
  for (const char* words :
       {"Bad Request: can't parse entities: unclosed", "Bad Request: ENTITY_BOUNDS_INVALID"}) {
    EXPECT_EQ(decide(refused(400, words), {.has_entities = true}).action, Action::resend_plain);
    EXPECT_EQ(decide(refused(400, words)).action, Action::dead);
  }
}

TEST(DeliveryDecisionTest, ADeletedTopicIsLeftOutOnce) {
  const ApiError gone = refused(400, "Bad Request: message thread not found");
  EXPECT_EQ(decide(gone, {.has_thread = true}).action, Action::resend_without_thread);
  EXPECT_EQ(decide(gone).action, Action::dead);
}

TEST(DeliveryDecisionTest, AMovedGroupIsFollowed) {
  ApiError moved = refused(400, "Bad Request: group chat was upgraded to a supergroup chat");
  moved.migrate_to_chat_id = -100'5;
  EXPECT_EQ(decide(moved).action, Action::resend_moved);
}

TEST(DeliveryDecisionTest, AChatThatTakesNothingIsParked) {
  for (const ApiError& error : {
           refused(403, "Forbidden: bot was blocked by the user"),
           refused(403, "Forbidden: user is deactivated"),
           refused(403, "Forbidden: bot was kicked from the supergroup chat"),
           refused(403, "Forbidden: bot is not a member of the channel chat"),
           refused(403, "Forbidden: the group chat was deleted"),
           refused(403, "Forbidden: bot can't initiate conversation with a user"),
           refused(400, "Bad Request: chat not found"),
           refused(400, "Bad Request: private chat not found"),
           refused(400, "Bad Request: not enough rights to send text messages to the chat"),
       }) {
    for (const auto kind :
         {MessageKind::answer, MessageKind::failure, MessageKind::notice, MessageKind::approval}) {
      EXPECT_EQ(decide(error, {.kind = kind}).action, Action::park) << error.describe();
    }
  }
}

TEST(DeliveryDecisionTest, ATextThatTelegramNeverTakesComesAsADocumentOnce) {
  for (const ApiError& error : {
           refused(400, "Bad Request: message is too long"),
           refused(400, "Bad Request: text is too long"),
           refused(400, "Bad Request: message text is empty"),
           refused(400, "Bad Request: text must be non-empty"),
           refused(413, "Request Entity Too Large"),
       }) {
    EXPECT_EQ(decide(error).action, Action::resend_as_document) << error.describe();
    EXPECT_EQ(decide(error, {.is_document = true}).action, Action::dead) << error.describe();
  }
}

TEST(DeliveryDecisionTest, WhatTelegramRefusesForAnyOtherReasonIsDead) {
  EXPECT_EQ(decide(refused(400, "Bad Request: reply markup is too long")).action, Action::dead);
  EXPECT_EQ(decide(refused(400, "Bad Request: something new")).action, Action::dead);
}

TEST(DeliveryDecisionTest, ARefusedTokenStopsAllSending) {
  EXPECT_EQ(decide(refused(401, "Unauthorized")).action, Action::stop);
  EXPECT_EQ(decide(refused(404, "Not Found")).action, Action::stop);
}

TEST(RepeatAfterTest, WhatMayBeMadeTwiceIsRepeatedUntilItsLimit) {
  const auto wait = [](const ApiError& error, CallFailures failures = {}) {
    return repeat_after(error, failures, timing, no_jitter);
  };
  EXPECT_EQ(wait(not_sent), 400ms);
  EXPECT_EQ(wait(not_sent, {.all = 1'000}), 30s);
  EXPECT_EQ(wait(lost, {.all = 2}), 800ms) << "also when nobody knows whether it was made";
  EXPECT_EQ(wait(refused(421, "Misdirected Request")), 400ms);
  EXPECT_EQ(wait(refused(429, "Too Many Requests")), 1'500ms);

  EXPECT_EQ(wait(refused(500, "Internal Server Error: restart"), {.all = 5, .by_server = 5}), 16s);
  EXPECT_EQ(wait(refused(500, "Internal Server Error: restart"), {.all = 6, .by_server = 6}), std::nullopt);
  EXPECT_EQ(wait(refused(502, "Bad Gateway"), {.all = 3, .by_server = 3}), 4s);
  EXPECT_EQ(wait(refused(502, "Bad Gateway"), {.all = 4, .by_server = 4}), std::nullopt);

  for (const int code : {400, 401, 403, 404, 413}) EXPECT_EQ(wait(refused(code, "No")), std::nullopt) << code;
}

TEST(DeliveryDecisionTest, AProxysPageIsNoRefusal) {
  const ApiError page{
      .kind = ApiError::Kind::unknown, .error_code = 404, .description = "not the Bot API's JSON"};
  EXPECT_EQ(decide(page).action, Action::retry_uncertain);
}

TEST(DeliveryDecisionTest, FilesThatAreRefusedBecomeDocumentsAndThenWords) {
  using Action = DeliveryDecision::Action;
  const auto after = [](int code, FilesForm form) {
    const SendOutcome outcome = std::unexpected(telegram::ApiError{.kind = telegram::ApiError::Kind::refused,
                                                                   .error_code = code,
                                                                   .description = "Bad Request: something"});
    return delivery_decision(outcome, {.is_document = true, .files = form}, {}, 0.0).action;
  };

  EXPECT_EQ(after(400, FilesForm::media), Action::resend_files_as_documents);
  EXPECT_EQ(after(400, FilesForm::documents), Action::resend_files_as_words);
  EXPECT_EQ(after(413, FilesForm::media), Action::resend_files_as_words);
  EXPECT_EQ(after(410, FilesForm::media), Action::resend_files_as_words);
  EXPECT_EQ(after(403, FilesForm::media), Action::park);
}

TEST(DeliveryDecisionTest, FilesThatCannotBeReadWhereTheyAreKeptHoldTheChatUpForSomeMinutesOnly) {
  ApiError unreadable = not_sent;
  unreadable.error_code = 503;
  EXPECT_EQ(decide(unreadable, {.attempts = 15, .files = FilesForm::media}).action, Action::retry);
  EXPECT_EQ(decide(unreadable, {.attempts = 16, .files = FilesForm::media}).action,
            Action::resend_files_as_words);
  EXPECT_EQ(decide(not_sent, {.attempts = 1'000, .files = FilesForm::media}).action, Action::retry)
      << "nobody is there to be asked";
}

}  // namespace

}  // namespace butler::gateway::delivery_decision_test
