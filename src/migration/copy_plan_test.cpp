#include "migration/copy_plan.hpp"

#include <gmock/gmock.h>

namespace butler::migration::copy_plan_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Column column(const char* name, const char* type, int key = 0) {
  return {.name = name, .type = type, .key = key};
}

/// jobs, and events that refer to them; "a_note" is seeded.
Catalogue sqlite() {
  return {{.name = "a_note", .columns = {column("one", "INTEGER", 1)}},
          {.name = "events",
           .columns = {column("job", "INTEGER", 1), column("seq", "INTEGER", 2), column("data", "TEXT")},
           .references = {"jobs"}},
          {.name = "jobs", .columns = {column("row", "INTEGER", 1), column("text", "TEXT")}},
          {.name = "migrations", .columns = {column("version", "INTEGER", 1)}}};
}

Catalogue postgres() {
  Catalogue tables{
      {.name = "a_note", .columns = {column("one", "smallint", 1)}},
      {.name = "events",
       .columns = {column("job", "bigint", 1), column("seq", "bigint", 2), column("data", "text")},
       .references = {"jobs"}},
      {.name = "jobs", .columns = {column("text", "text"), column("row", "bigint", 1)}},
      {.name = "migrations", .columns = {column("version", "bigint", 1)}}};
  tables[2].columns[1].numbered = true;
  return tables;
}

const Differences seeded{.seeded = {"a_note"}};

std::vector<std::string> tables_of(const CopyPlan& plan) {
  std::vector<std::string> names;
  for (const auto& table : plan) names.push_back(table.name);
  return names;
}

std::vector<std::string> problems_of(const Catalogue& one, const Catalogue& other,
                                     const Differences& differences = seeded) {
  const auto plan = plan_copy(one, other, differences);
  return plan ? std::vector<std::string>{} : plan.error();
}

TEST(CopyPlan, ARowComesAfterWhatItRefersToAndWhatIsSeededLast) {
  const auto plan = plan_copy(sqlite(), postgres(), seeded);
  ASSERT_TRUE(plan);
  EXPECT_THAT(tables_of(*plan), ElementsAre("jobs", "events", "a_note"));
  EXPECT_FALSE(plan->at(0).seeded);
  EXPECT_TRUE(plan->at(2).seeded);
}

TEST(CopyPlan, ColumnsAreFoundByTheirNamesAndRowsAreReadByTheKey) {
  const auto plan = plan_copy(sqlite(), postgres(), seeded).value();
  EXPECT_THAT(plan.at(0).columns, ElementsAre(CopiedColumn{.name = "row", .kind = Kind::integer},
                                              CopiedColumn{.name = "text", .kind = Kind::text}));
  EXPECT_EQ(plan.at(0).numbered, "row");
  EXPECT_THAT(plan.at(1).key, ElementsAre("job", "seq"));
  EXPECT_EQ(plan.at(1).numbered, "");
}

TEST(CopyPlan, TextsInJsonAreDeclared) {
  const auto plan = plan_copy(sqlite(), postgres(), {.seeded = {"a_note"}, .json_texts = {"jobs.text"}});
  EXPECT_THAT(plan.value().at(0).columns.at(1), (CopiedColumn{.name = "text", .kind = Kind::texts}));
}

TEST(CopyPlan, AColumnOnOneSideIsAProblemUnlessItWasDeclared) {
  auto more = sqlite();
  more[2].columns.push_back(column("later", "TEXT"));
  EXPECT_THAT(problems_of(more, postgres()), ElementsAre("jobs.later is there only in SQLite"));
  EXPECT_THAT(problems_of(more, postgres(), {.seeded = {"a_note"}, .sqlite_columns = {"jobs.later"}}),
              IsEmpty());
  auto other = postgres();
  other[2].columns.push_back(column("clock", "bigint"));
  EXPECT_THAT(problems_of(sqlite(), other), ElementsAre("jobs.clock is there only in PostgreSQL"));
  EXPECT_THAT(problems_of(sqlite(), other, {.seeded = {"a_note"}, .postgres_columns = {"jobs.clock"}}),
              IsEmpty());
}

TEST(CopyPlan, ATableOnOneSideIsAProblemUnlessItWasDeclared) {
  auto more = sqlite();
  more.push_back({.name = "later", .columns = {column("id", "INTEGER", 1)}});
  EXPECT_THAT(problems_of(more, postgres()), ElementsAre("the table later is there only in SQLite"));
  auto other = postgres();
  other.push_back({.name = "peers", .columns = {column("id", "bigint", 1)}});
  EXPECT_THAT(problems_of(sqlite(), other), ElementsAre("the table peers is there only in PostgreSQL"));
  EXPECT_THAT(problems_of(sqlite(), other, {.seeded = {"a_note"}, .postgres_tables = {"peers"}}), IsEmpty());
}

TEST(CopyPlan, WhatCannotBeCopiedAsItIsIsAProblem) {
  auto blob = sqlite();
  blob[2].columns[1].type = "BLOB";
  EXPECT_THAT(problems_of(blob, postgres()),
              ElementsAre("jobs.text is BLOB in SQLite and text in PostgreSQL"));
  auto flag = postgres();
  flag[2].columns[0].type = "boolean";
  EXPECT_THAT(problems_of(sqlite(), flag),
              ElementsAre("jobs.text is TEXT in SQLite and boolean in PostgreSQL"));
  auto keyless = sqlite();
  keyless[1].columns[1].key = 0;
  EXPECT_THAT(problems_of(keyless, postgres()), ElementsAre("events has another primary key in each"));
  auto counting = sqlite();
  counting[1].never_again = true;
  EXPECT_THAT(problems_of(counting, postgres()), ElementsAre("events is numbered by SQLite alone"));
  auto circle = sqlite();
  circle[2].references = {"events"};
  EXPECT_THAT(problems_of(circle, postgres()).front(), HasSubstr("cannot be copied before it"));
}

TEST(CopyPlan, StateIsWhatNeitherTheSchemaNorProcessesPutThere) {
  auto other = postgres();
  other.push_back({.name = "peers"});
  EXPECT_THAT(tables_of_state(other, {.seeded = {"a_note"}, .postgres_tables = {"peers"}}),
              ElementsAre("events", "jobs"));
}

}  // namespace
}  // namespace butler::migration::copy_plan_test
