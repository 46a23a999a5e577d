#include "gateway/first_version.hpp"

#include <gmock/gmock.h>

#include "gateway/sql_gateway_store.hpp"
#include "unit/temp_folder.hpp"

namespace butler::gateway::first_version_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

json::Value parsed(const std::string& text) { return json::parse(text).value(); }

TEST(FirstVersionPeople, PeopleAndSessionsAreReadAndTheRestIsNamed) {
  const auto read = read_first_version(
      parsed(R"({"allowedUserIds": [11, "12", "x", -3, null], "pendingByUserId": {"13": {"code": "ABC"}}})"),
      parsed(R"({"sessionsByRouteKey": {
        "chat:-100:thread:5": {"sessionKey": "telegram:-100:thread:5:v3", "generation": 3},
        "chat:11": {"sessionKey": "k", "generation": 1},
        "room:1": {"sessionKey": "k", "generation": 1}, "chat:1:thread:x": {"sessionKey": "k", "generation": 1},
        "chat:2": {"generation": 1}, "chat:3": {"sessionKey": "k", "generation": 0}, "chat:4": 7}})"));
  EXPECT_THAT(read.allowed, ElementsAre(11, 12));
  ASSERT_EQ(read.sessions.size(), 2U);
  EXPECT_EQ(read.sessions.front().route_key, "chat:-100:thread:5");
  EXPECT_EQ(read.sessions.front().generation, 3);
  EXPECT_EQ(read.report.refused.size(), 9U);
  EXPECT_THAT(read.report.refused.at(3), HasSubstr("1 people who wait"));
}

TEST(FirstVersionPeople, AMissingFileIsNoFaultAndAForeignOneIs) {
  EXPECT_THAT(read_first_version(nullptr, nullptr).report.refused, IsEmpty());
  EXPECT_THAT(read_first_version(parsed("[]"), parsed("{}")).report.refused,
              ElementsAre(HasSubstr("pairings.json"), HasSubstr("sessions.json")));
}

TEST(FirstVersionPeople, WhatIsHereAlreadyStaysAsItIs) {
  test::TempFolder folder;
  const domain::Timestamp now{std::chrono::milliseconds{1}};
  auto opened = GatewayDatabase::open(folder.path(), now);
  const auto import = [&](const std::string& key) {
    return take_over(*opened.database,
                     {.allowed = {11}, .sessions = {{.route_key = "chat:11", .generation = 2, .key = key}}},
                     now);
  };
  EXPECT_EQ(import("first").taken, 2);
  const auto again = import("second");
  EXPECT_EQ(again.taken, 0);
  EXPECT_EQ(again.known, 2);
  SqlGatewayStore store(opened, 1);
  EXPECT_EQ(store.session({.chat_id = 11}, now).key, "first");
  EXPECT_EQ(store.session({.chat_id = 11}, now).generation, 2);
}

}  // namespace
}  // namespace butler::gateway::first_version_test
