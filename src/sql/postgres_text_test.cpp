#include <gtest/gtest.h>

#include "sql/postgres.hpp"

namespace butler::sql::postgres_text_test {

namespace {

TEST(PostgresText, ParametersAreNumbered) {
  EXPECT_EQ(to_postgres("SELECT a FROM t WHERE b = ? AND c = ?"), "SELECT a FROM t WHERE b = $1 AND c = $2");
  EXPECT_EQ(to_postgres("UPDATE t SET a = ?2, b = ?1, c = ?2"), "UPDATE t SET a = $2, b = $1, c = $2");
}

TEST(PostgresText, AQuestionMarkInATextStays) {
  EXPECT_EQ(to_postgres("SELECT 'why?' || ? || 'it''s?'"), "SELECT 'why?' || $1 || 'it''s?'");
}

TEST(PostgresText, WhatIsForThePlannerOfSQLiteGoes) {
  EXPECT_EQ(to_postgres("SELECT a FROM t INDEXED BY t_of_b WHERE b = ?"), "SELECT a FROM t WHERE b = $1");
  EXPECT_EQ(to_postgres("SELECT a FROM t INDEXED BY t_of_b"), "SELECT a FROM t");
}

}  // namespace

}  // namespace butler::sql::postgres_text_test
