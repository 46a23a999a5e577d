#include "gateway/sql_gateway_fixture.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway::sql_gateway_people_test {

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// The people's part of the store; restart() is what a new process sees.
class PeopleRecordsTest : public GatewayStoreTest {
 protected:
  PairingCode asked(std::string code, std::int64_t person = 7) const {
    return {.code = std::move(code),
            .asked_by = telegram::Person{.id = person, .username = "anna", .first_name = "Anna"},
            .created_at = now,
            .expires_at = now + 1h};
  }

  void store_request(std::int64_t update_id, std::int64_t person, std::optional<domain::Timestamp> sent_at) {
    store->add_update({update_id, "{}"}, now);
    store->add_turn({.idempotency_key = std::to_string(update_id),
                     .lane = {.chat_id = person},
                     .requester_id = person,
                     .body = "{}",
                     .sent_at = sent_at},
                    {update_id}, now);
  }
};

TEST_P(PeopleRecordsTest, WhoIsPairedStaysPairedUntilTheyAreRemoved) {
  EXPECT_FALSE(store->is_paired(7));
  store->add_paired(
      {.person = {.id = 7, .username = "anna", .first_name = "Anna"}, .paired_by = 42, .since = now});
  store->add_paired({.person = {.id = 8}, .paired_by = std::nullopt, .since = now + 1s});
  restart();

  EXPECT_TRUE(store->is_paired(7));
  const auto people = store->paired_people();
  ASSERT_THAT(people, SizeIs(2));
  EXPECT_EQ(people[0].person.first_name, "Anna");
  EXPECT_EQ(people[0].person.username, "anna");
  EXPECT_EQ(people[0].paired_by, 42);
  EXPECT_EQ(people[0].since, now);
  EXPECT_EQ(people[1].paired_by, std::nullopt);

  EXPECT_TRUE(store->remove_paired(7));
  EXPECT_FALSE(store->remove_paired(7));
  restart();
  EXPECT_FALSE(store->is_paired(7));
}

TEST_P(PeopleRecordsTest, CodesSurviveARestartAndEndWithTheirTime) {
  store->add_pairing_code(asked("AAAA-AAAA"));
  store->add_pairing_code(
      {.code = "BBBB-BBBB", .invited_by = 42, .created_at = now, .expires_at = now + 30min});
  restart();

  const auto codes = store->pairing_codes(now);
  ASSERT_THAT(codes, SizeIs(2));
  EXPECT_EQ(codes[0].code, "AAAA-AAAA");
  EXPECT_EQ(codes[0].asked_by.value_or(telegram::Person{}).first_name, "Anna");
  EXPECT_FALSE(codes[0].is_invitation());
  EXPECT_EQ(codes[0].expires_at, now + 1h);
  EXPECT_TRUE(codes[1].is_invitation());
  EXPECT_EQ(codes[1].invited_by, 42);

  EXPECT_THAT(store->pairing_codes(now + 30min), SizeIs(1));
  EXPECT_THAT(store->pairing_codes(now + 1h), IsEmpty());
  EXPECT_THAT(store->pairing_codes(now), IsEmpty()) << "what has ended is gone";
}

TEST_P(PeopleRecordsTest, CodesAreTakenBackOneByOneOrAllOfAPerson) {
  const auto first = store->add_pairing_code(asked("AAAA-AAAA"));
  store->add_pairing_code(asked("BBBB-BBBB"));
  store->add_pairing_code(asked("CCCC-CCCC", 8));

  store->remove_pairing_code(first);
  EXPECT_THAT(store->pairing_codes(now), SizeIs(2));
  store->remove_pairing_codes_of(7);
  const auto left = store->pairing_codes(now);
  ASSERT_THAT(left, SizeIs(1));
  EXPECT_EQ(left[0].code, "CCCC-CCCC");
}

TEST_P(PeopleRecordsTest, WrongCodesAreCountedAcrossRestartsForAnHour) {
  store->add_wrong_code(7, now);
  store->add_wrong_code(7, now + 10min);
  store->add_wrong_code(8, now + 20min);
  restart();

  const auto soon = store->wrong_codes(7, now - 1ms);
  EXPECT_EQ(soon.of_person, 2U);
  EXPECT_EQ(soon.in_all, 3U);
  const auto later = store->wrong_codes(7, now);
  EXPECT_EQ(later.of_person, 1U);
  EXPECT_EQ(later.in_all, 2U);
}

TEST_P(PeopleRecordsTest, APersonIsToldOncePerStretchOfTime) {
  EXPECT_TRUE(store->may_tell(Telling::rate_limit, 7, now - 1min, now));
  restart();
  EXPECT_FALSE(store->may_tell(Telling::rate_limit, 7, now - 1min, now + 59s));
  EXPECT_TRUE(store->may_tell(Telling::rate_limit, 8, now - 1min, now));
  EXPECT_TRUE(store->may_tell(Telling::too_many_waiting, 7, now - 1h, now));
  EXPECT_TRUE(store->may_tell(Telling::rate_limit, 7, now, now + 1min));
}

TEST_P(PeopleRecordsTest, RequestsAreKnownByWhenTheyWereSent) {
  store_request(1, 7, now);
  store_request(2, 7, now + 5s);
  store_request(3, 8, now + 5s);
  store_request(4, 7, std::nullopt);
  restart();

  EXPECT_THAT(store->requests_since(7, now - 1ms), ElementsAre(now, now + 5s));
  EXPECT_THAT(store->requests_since(7, now), ElementsAre(now + 5s));
}

INSTANTIATE_TEST_SUITE_P(Backends, PeopleRecordsTest, all_backends());

}  // namespace

}  // namespace butler::gateway::sql_gateway_people_test
