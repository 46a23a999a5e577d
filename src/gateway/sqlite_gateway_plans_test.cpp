#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>
#include <vector>

#include "gateway/sql_gateway_store.hpp"
#include "gateway/store_test_support.hpp"

namespace butler::gateway::sqlite_gateway_plans_test {

namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

sqlite3* opened = nullptr;

int remember(sqlite3* database, char** /*error*/, const sqlite3_api_routines* /*api*/) {
  opened = database;
  return SQLITE_OK;
}

/// What a chat's messages ask of the store may not become slower with all that was ever said: the plans of
/// the statements, in tables without statistics as they are in use.
class PlansTest : public ::testing::Test {
 protected:
  using Extension = void (*)();

  PlansTest() {
    sqlite3_auto_extension(as_extension());
    database.emplace(GatewayDatabase::open(home.path(), now));
    sqlite3_cancel_auto_extension(as_extension());
    store.emplace(*database, 700'001);
  }

  // SQLite takes the entry point of an extension as a function without parameters.
  static Extension as_extension() { return reinterpret_cast<Extension>(&remember); }

  /// Each plan that reads a table that grows from its beginning to its end, or all that a person ever said.
  std::vector<std::string> slow_plans() {
    std::vector<std::string> slow;
    std::vector<std::string> texts;
    for (auto* one = sqlite3_next_stmt(opened, nullptr); one != nullptr; one = sqlite3_next_stmt(opened, one))
      texts.emplace_back(sqlite3_sql(one));
    for (const std::string& text : texts) {
      auto& plan = database->database->prepared("EXPLAIN QUERY PLAN " + text).bind();
      while (plan.step()) {
        if (is_slow(plan.string(3))) slow.push_back(text + "  →  " + plan.string(3));
      }
    }
    return slow;
  }

  static bool is_slow(const std::string& step) {
    for (const std::string table : {"turns", "outbox", "inbox", "turn_parts"}) {
      const bool scan = step == "SCAN " + table || step.starts_with("SCAN " + table + " USING INDEX");
      // Partial indexes of what is open are short.
      const bool open = step.ends_with("_to_create") || step.ends_with("_to_send") ||
                        step.ends_with("_controls") || step.ends_with("_given_up") ||
                        step.ends_with("turns_open");
      if (scan && !open) return true;
    }
    return step.ends_with("turns_of_requester (requester_id=?)");
  }

  /// One message, from its coming to its answer.
  void answer_message() {
    store->add_update({7, "{}"}, now);
    store->set_next_offset(8);
    store->revive_chat(42, now);
    store->open_turn(lane, 42);
    store->session(lane, now);
    store->requests_since(42, now - 1min);
    store->has_stored_turn(lane);
    store->add_turn({.idempotency_key = "tg:700001:7", .lane = lane, .requester_id = 42, .body = "{}"}, {7},
                    now);
    store->next_open_turn();
    store->waiting_untold(10);
    const Turn turn = needed(store->first_stored_turn(lane));
    store->note_job(turn.id, "job", now);
    store->turn_of_job("job");
    store->open_turns();
    store->withdraw_notices("job");
    store->add_outgoing({.source = "job", .to = lane, .payloads = {"{}"}}, FirstPart::waits, now);
    store->answer_turn("job", now);
    const OutboxRow row = needed(store->first_unsent(42));
    store->mark_sending(row.id, now);
    store->mark_sent(row.id, 9, now);
  }

  const Lane lane{.chat_id = 42};
  const domain::Timestamp now{1'700'000'000'000ms};
  TempFolder home;
  std::optional<GatewayDatabase> database;
  std::optional<SqlGatewayStore> store;
};

TEST_F(PlansTest, WhatAMessageAsksOfTheStoreDoesNotGrowWithTheHistory) {
  answer_message();
  EXPECT_THAT(slow_plans(), IsEmpty());
}

TEST_F(PlansTest, NorDoEditsRepliesAndCommands) {
  store->turn_of_message(42, 9, 42);
  store->job_told_in(42, 9);
  store->first_edit(lane);
  store->known_jobs({.chat_id = 42}, 10);
  store->count_stored_turns(42);
  store->set_told_waiting(lane);
  store->first_control(42);
  EXPECT_THAT(slow_plans(), IsEmpty());
}

TEST_F(PlansTest, NorDoAStartAndALookAtTheHealth) {
  store->recover_sending(now);
  store->chats_with_unsent();
  store->chats_with_controls();
  store->lanes_with_stored_turns();
  store->give_up_parked(now, now);
  store->depths();
  EXPECT_THAT(slow_plans(), IsEmpty());
}

}  // namespace

}  // namespace butler::gateway::sqlite_gateway_plans_test
